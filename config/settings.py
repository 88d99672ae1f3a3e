"""Settings from the environment, frozen, with every bad value named at once."""

from __future__ import annotations

import contextlib
import ipaddress
import os
import re
import secrets
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

WHITE_TEXT_CONTRAST_MIN: Final = 4.5
SECRET_CHARS_MIN: Final = 32
_DATABASES: Final = ("sqlite:///", "postgresql://", "postgresql+psycopg://")
_WHOLE: Final = {
    "LEDGER_SESSION_IDLE_MINUTES": 60,
    "LEDGER_SESSION_ABSOLUTE_MINUTES": 12 * 60,
    "LEDGER_BACKUP_KEEP_DAYS": 30,
    "LEDGER_BACKUP_PROOF_HOURS": 48,
    "LEDGER_BACKUP_STOP_HOURS": 7 * 24,
    "LEDGER_CHECKPOINT_STOP_HOURS": 3 * 24,
}
"""Settings that are whole numbers, in the unit that ends their name, and what they are otherwise."""


class BadSettings(Exception):
    """One or more settings cannot be used; the message names each and its remedy."""


@dataclass(frozen=True, slots=True)
class Settings:
    """One installation's settings. Durations are whole, in the unit named; paths are absolute."""

    database_url: str
    data_dir: Path
    secret_key: str
    place_name: str = "Community Ledger"
    place_colour: str = "#00545c"
    contact: str = ""
    book_code: str = "MAIN"
    giving_prefix: str = ""
    base_url: str = "http://127.0.0.1:8000"
    session_idle_minutes: int = 60
    session_absolute_minutes: int = 12 * 60
    secure_cookies: bool = False
    smtp_url: str = ""
    mail_from: str = "ledger@localhost"
    checkpoint_dir: Path | None = None
    checkpoint_webhook_url: str = ""
    keys_url: str = ""
    keys_backup_dir: Path | None = None
    backup_dir: Path | None = None
    backup_keep_days: int = 30
    backup_proof_hours: int = 48
    backup_stop_hours: int = 7 * 24
    checkpoint_stop_hours: int = 3 * 24
    pg_programs: Path | None = None
    database_role: str = ""
    serving: bool = True
    testing: bool = False

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> Settings:
        """Read ``LEDGER_*`` variables.

        Raises:
            BadSettings: naming every value that cannot be used.
        """
        problems: list[str] = []
        data_dir = Path(env.get("LEDGER_DATA_DIR") or "var").expanduser().resolve()
        url, keys = _databases(env, data_dir, problems)
        whole = {name: _whole(env, name, usual, problems) for name, usual in _WHOLE.items()}
        secure = _yes_no(env, "LEDGER_SECURE_COOKIES", problems)
        colour = _colour(env, "LEDGER_PLACE_COLOUR", "#00545c", problems)
        if 0 < len(env.get("LEDGER_SECRET_KEY") or "") < SECRET_CHARS_MIN:
            problems.append(
                f"LEDGER_SECRET_KEY: use at least {SECRET_CHARS_MIN} characters of chance"
            )
        smtp = env.get("LEDGER_SMTP_URL") or ""
        if smtp and not smtp.startswith(("smtp://", "smtps://")):
            problems.append("LEDGER_SMTP_URL: use smtp://user:password@host:587 or smtps://…")
        webhook = env.get("LEDGER_CHECKPOINT_WEBHOOK_URL") or ""
        if webhook and (fault := webhook_fault(webhook)):
            problems.append(f"LEDGER_CHECKPOINT_WEBHOOK_URL: {fault}")
        giving = env.get("LEDGER_GIVING_PREFIX") or ""
        if giving and not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9-]{0,39}", giving):
            problems.append(f"LEDGER_GIVING_PREFIX={giving!r}: use a prefix like 360G-testwick")
        if problems:
            raise BadSettings("These settings cannot be used:\n  " + "\n  ".join(problems))
        return cls(
            database_url=url,
            data_dir=data_dir,
            secret_key=env.get("LEDGER_SECRET_KEY") or installation_secret(data_dir),
            place_name=env.get("LEDGER_PLACE_NAME") or "Community Ledger",
            place_colour=colour,
            contact=env.get("LEDGER_CONTACT") or "",
            book_code=env.get("LEDGER_BOOK") or "MAIN",
            giving_prefix=giving,
            base_url=(env.get("LEDGER_BASE_URL") or "http://127.0.0.1:8000").rstrip("/"),
            session_idle_minutes=whole["LEDGER_SESSION_IDLE_MINUTES"],
            session_absolute_minutes=whole["LEDGER_SESSION_ABSOLUTE_MINUTES"],
            secure_cookies=secure,
            smtp_url=smtp,
            mail_from=env.get("LEDGER_MAIL_FROM") or "ledger@localhost",
            checkpoint_dir=_folder(env, "LEDGER_CHECKPOINT_DIR"),
            checkpoint_webhook_url=webhook,
            keys_backup_dir=_folder(env, "LEDGER_KEYS_BACKUP_DIR"),
            keys_url=keys,
            backup_dir=_folder(env, "LEDGER_BACKUP_DIR"),
            backup_keep_days=whole["LEDGER_BACKUP_KEEP_DAYS"],
            backup_proof_hours=whole["LEDGER_BACKUP_PROOF_HOURS"],
            backup_stop_hours=whole["LEDGER_BACKUP_STOP_HOURS"],
            checkpoint_stop_hours=whole["LEDGER_CHECKPOINT_STOP_HOURS"],
            pg_programs=_folder(env, "LEDGER_PG_PROGRAMS"),
            database_role=env.get("LEDGER_DATABASE_ROLE") or "",
            serving=env.get("FLASK_RUN_FROM_CLI") != "true",
        )


def _databases(env: Mapping[str, str], data_dir: Path, problems: list[str]) -> tuple[str, str]:
    """The addresses of the book and of the key store, which is never the book."""
    url = env.get("LEDGER_DATABASE_URL") or f"sqlite:///{data_dir / 'ledger.sqlite'}"
    if not url.startswith(_DATABASES):
        problems.append(
            f"LEDGER_DATABASE_URL={url.split('@')[-1]!r}: use sqlite:///FILE or postgresql://…"
        )
    keys = env.get("LEDGER_KEYS_URL") or ""
    if keys and (not keys.startswith(_DATABASES) or keys == url):
        problems.append(
            "LEDGER_KEYS_URL: use sqlite:///FILE or postgresql://…, and another database than the"
            " book's"
        )
    if env.get("LEDGER_DATABASE_ROLE") and url.startswith("sqlite"):
        problems.append(
            "LEDGER_DATABASE_ROLE: SQLite knows no roles; leave it out, or use PostgreSQL"
        )
    return url, keys


def installation_secret(data_dir: Path) -> str:
    """This installation's own random secret, made at first use and readable by its owner only."""
    path = data_dir / "secret.key"
    if not path.exists():
        data_dir.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=data_dir, prefix="secret-") as file:
            file.write(secrets.token_urlsafe(48) + "\n")
            file.flush()
            # Whole or not at all: of two processes that start at once, one makes it for both.
            with contextlib.suppress(FileExistsError):
                os.link(file.name, path)
    return path.read_text().strip()


def webhook_fault(url: str) -> str:
    """Why an address may not be told of checkpoints; empty when it may.

    Only https, or plain http to this machine itself. The address is never repeated: it may hold
    a token.
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        host, parts = "", urlsplit("")
    if not host or parts.username is not None or not url.isascii() or not url.isprintable():
        return "use https://host/path, without a name and password before the host"
    if parts.scheme == "https" or (parts.scheme == "http" and _is_this_machine(host)):
        return ""
    return "use https://…; http:// is taken only for this machine itself (127.0.0.1)"


def _is_this_machine(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _whole(env: Mapping[str, str], name: str, default: int, problems: list[str]) -> int:
    value = env.get(name) or str(default)
    if not value.isascii() or not value.isdigit() or not 1 <= int(value) <= 10_000:
        unit = name.rpartition("_")[2].lower()
        problems.append(f"{name}={value!r}: use a whole number of {unit} from 1 to 10000")
        return default
    return int(value)


def _folder(env: Mapping[str, str], name: str) -> Path | None:
    return Path(env[name]).expanduser().resolve() if env.get(name) else None


def _colour(env: Mapping[str, str], name: str, default: str, problems: list[str]) -> str:
    """A colour that white text can be read on (contrast of at least 4.5 to 1, WCAG 1.4.3)."""
    value = (env.get(name) or default).lower()
    if not re.fullmatch(r"#[0-9a-f]{6}", value):
        problems.append(f"{name}={value!r}: use a colour like #00545c")
        return default
    if _contrast_with_white(value) < WHITE_TEXT_CONTRAST_MIN:
        problems.append(f"{name}={value!r}: too pale for white text, use a darker colour")
        return default
    return value


def _contrast_with_white(colour: str) -> float:
    shares = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [s / 12.92 if s <= 0.04045 else ((s + 0.055) / 1.055) ** 2.4 for s in shares]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return 1.05 / (luminance + 0.05)


def _yes_no(env: Mapping[str, str], name: str, problems: list[str]) -> bool:
    value = (env.get(name) or "no").lower()
    if value not in ("yes", "no"):
        problems.append(f"{name}={value!r}: use yes or no")
    return value == "yes"
