"""Settings are read once, whole, and every bad value is named at once."""

from __future__ import annotations

import json
import logging
import runpy
import stat
from pathlib import Path
from typing import Any

import pytest

from config import logging as speaking
from config.settings import BadSettings, Settings, installation_secret


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    return {"LEDGER_DATA_DIR": str(tmp_path)}


def test_without_any_setting_there_is_a_file_in_the_data_folder(
    env: dict[str, str], tmp_path: Path
) -> None:
    settings = Settings.from_env(env)
    assert settings.database_url == f"sqlite:///{tmp_path / 'ledger.sqlite'}"
    assert settings.serving
    assert not settings.testing
    assert not settings.secure_cookies


def test_a_flask_command_does_not_ask_for_a_migrated_database(env: dict[str, str]) -> None:
    assert not Settings.from_env(env | {"FLASK_RUN_FROM_CLI": "true"}).serving


def test_the_secret_is_made_once_and_only_its_owner_can_read_it(tmp_path: Path) -> None:
    first = installation_secret(tmp_path)
    assert len(first) >= 32
    assert installation_secret(tmp_path) == first
    assert stat.S_IMODE((tmp_path / "secret.key").stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["secret.key"]


def test_every_bad_value_is_named_at_once(env: dict[str, str]) -> None:
    bad = {
        "LEDGER_DATABASE_URL": "mysql://somebody:hidden@there/town",
        "LEDGER_SESSION_IDLE_MINUTES": "1.5",
        "LEDGER_SESSION_ABSOLUTE_MINUTES": "０９",
        "LEDGER_SECURE_COOKIES": "perhaps",
        "LEDGER_PLACE_COLOUR": "#ffff00",
        "LEDGER_SECRET_KEY": "short",
    }
    with pytest.raises(BadSettings) as refused:
        Settings.from_env(env | bad)
    said = str(refused.value)
    assert all(name in said for name in bad)
    assert "hidden" not in said
    assert "short" not in said.split("LEDGER_SECRET_KEY")[1].split("\n", maxsplit=1)[0].replace(
        "shorter", ""
    )


@pytest.mark.parametrize("value", ["0", "10001", "-5", "1_000", "ten", "1e3"])
def test_minutes_are_whole_and_within_reason(env: dict[str, str], value: str) -> None:
    with pytest.raises(BadSettings, match="LEDGER_SESSION_IDLE_MINUTES"):
        Settings.from_env(env | {"LEDGER_SESSION_IDLE_MINUTES": value})


def test_a_base_url_ends_without_a_slash(env: dict[str, str]) -> None:
    assert Settings.from_env(env | {"LEDGER_BASE_URL": "https://x.example/"}).base_url == (
        "https://x.example"
    )


def record(message: str) -> logging.LogRecord:
    return logging.LogRecord("ledger", logging.INFO, __file__, 1, message, None, None)


def test_a_line_break_in_a_message_makes_no_second_line() -> None:
    hostile = record("before\r\n2026-01-01 ERROR forged")
    assert "\n" not in speaking.PlainLines().format(hostile)
    line = speaking.JsonLines().format(hostile)
    assert "\n" not in line
    assert json.loads(line)["message"].startswith("before")


def test_a_fault_is_logged_with_its_trace() -> None:
    try:
        raise ValueError("odd")
    except ValueError as error:
        kept = logging.LogRecord(
            "ledger", logging.ERROR, __file__, 1, "it failed", None,
            (ValueError, error, error.__traceback__),
        )  # fmt: skip
    assert "ValueError: odd" in json.loads(speaking.JsonLines().format(kept))["trace"]
    assert "ValueError: odd" in speaking.PlainLines().format(kept)


def gunicorn() -> dict[str, Any]:
    return runpy.run_path(str(Path(__file__).parents[2] / "config" / "gunicorn.py"))


def test_a_statement_ends_before_its_worker_and_a_worker_before_it_is_replaced(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("LEDGER_WEB_WORKERS", "LEDGER_WEB_THREADS", "LEDGER_FORWARDED_ALLOW_IPS"):
        monkeypatch.delenv(name, raising=False)
    chosen = gunicorn()
    assert 15 < chosen["graceful_timeout"] < chosen["timeout"]
    assert chosen["worker_class"] == "gthread"
    assert (chosen["workers"], chosen["threads"]) == (2, 4)
    assert chosen["forwarded_allow_ips"] == "127.0.0.1"


def test_the_workers_the_threads_and_the_trusted_proxy_can_be_chosen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LEDGER_WEB_WORKERS", "3")
    monkeypatch.setenv("LEDGER_WEB_THREADS", "9")
    monkeypatch.setenv("LEDGER_FORWARDED_ALLOW_IPS", "10.0.0.7")
    chosen = gunicorn()
    assert (chosen["workers"], chosen["threads"]) == (3, 9)
    assert chosen["forwarded_allow_ips"] == "10.0.0.7"
