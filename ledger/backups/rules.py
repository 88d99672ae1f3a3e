"""What a backup is, what it must prove, and which are kept (K1 to K6).

K1  A backup is the whole book at one moment, copied by the database's own means while it is in
    use; files are never copied from under it.
K2  It is named by its book and the second (UTC) at which it was made. Its manifest names the file
    with its SHA-256, the schema, the number of rows of every table and the head of each book.
K3  A restore goes to a place that is new or empty, never over anything.
K4  What was restored is usable only when everything in it was proved again: the database's own
    checks, guards, balances, chain, signatures, and every decision from its stored inputs.
K5  A backup counts as proven when that was done with it.
K6  Backups older than the days that were set are dropped, but never the newest proven one, and
    never the newest three.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from ledger.kernel.errors import Conflict, LedgerError, NotReady

FORMAT: Final = 1
KEPT_AT_LEAST: Final = 3
_NAME: Final = re.compile(
    r"(?P<book>[A-Za-z0-9][A-Za-z0-9_-]{0,63})-(?P<at>\d{8}T\d{6}Z)", re.ASCII
)
_AT: Final = "%Y%m%dT%H%M%SZ"


class BackupRefused(Conflict):
    """K1, K3: a backup cannot be made there, or a restore cannot go there."""

    code = "backups.refused"
    title = "This backup cannot be made or restored"


class NotABackup(LedgerError):
    """K2: the folder holds no whole backup: no manifest, or not the file that it names."""

    code = "backups.not_a_backup"
    title = "This is not a whole backup"


class NotProven(NotReady):
    """K4: what was restored does not prove; it must not be used."""

    code = "backups.not_proven"
    title = "The restored book does not prove"


class NoPrograms(NotReady):
    """K1: PostgreSQL's own programs are missing, or of another version than the server."""

    code = "backups.no_programs"
    title = "PostgreSQL's backup programs are missing"


@dataclass(frozen=True, slots=True)
class Manifest:
    """K2: what is in a backup. ``rows`` counts each table; ``heads`` names each book's last journal
    (code to number and chain, hex).
    """

    name: str
    engine: str
    made_at: datetime
    file: str
    size_bytes: int
    sha256: str
    schema: str
    rows: Mapping[str, int]
    heads: Mapping[str, tuple[int, str]]
    made_by: str

    @property
    def journals(self) -> int:
        """How many journals all books in it have."""
        return sum(number for number, _ in self.heads.values())


@dataclass(frozen=True, slots=True)
class Kept:
    """A backup as it lies there: its name, when it was made, and when it was proved, if it was."""

    name: str
    made_at: datetime
    proved_at: datetime | None


def name_of(*, book: str, made_at: datetime) -> str:
    """K2: the name of a backup made at that instant."""
    return f"{book}-{made_at.astimezone(UTC).strftime(_AT)}"


def made_at(name: str) -> datetime | None:
    """K2: when a backup of this name was made; None if that is no name of a backup."""
    match = _NAME.fullmatch(name)
    return datetime.strptime(match["at"], _AT).replace(tzinfo=UTC) if match else None


def as_facts(manifest: Manifest) -> dict[str, Any]:
    """K2: the manifest as plain facts, to be written as JSON."""
    return {
        "format": FORMAT,
        "name": manifest.name,
        "engine": manifest.engine,
        "made_at": manifest.made_at.isoformat(),
        "file": manifest.file,
        "size_bytes": manifest.size_bytes,
        "sha256": manifest.sha256,
        "schema": manifest.schema,
        "rows": dict(manifest.rows),
        "heads": {code: list(head) for code, head in manifest.heads.items()},
        "made_by": manifest.made_by,
    }


def from_facts(facts: Mapping[str, Any]) -> Manifest:
    """K2: the manifest that was read.

    Raises:
        NotABackup: a fact is missing, or of another form.
    """
    try:
        if facts["format"] != FORMAT or "/" in facts["file"]:
            raise _not_ours(f"format {facts['format']}")
        return Manifest(
            name=facts["name"], engine=facts["engine"],
            made_at=datetime.fromisoformat(facts["made_at"]), file=facts["file"],
            size_bytes=facts["size_bytes"], sha256=facts["sha256"], schema=facts["schema"],
            rows=dict(facts["rows"]),
            heads={code: (number, chain) for code, (number, chain) in facts["heads"].items()},
            made_by=facts["made_by"],
        )  # fmt: skip
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _not_ours(f"{type(error).__name__}: {error}") from error


def _not_ours(found: str) -> NotABackup:
    return NotABackup(
        f"Its manifest cannot be read ({found}).",
        remedy="Take a folder that flask ledger backup has made, whole.",
        place="manifest.json",
    )


def differences(wanted: Manifest, found: Manifest) -> list[str]:
    """K4: in what a restored book differs from its manifest, in words."""
    faults = []
    if wanted.schema != found.schema:
        faults.append(f"the schema is {found.schema}, not {wanted.schema}")
    for table in sorted(set(wanted.rows) | set(found.rows)):
        before, after = wanted.rows.get(table, 0), found.rows.get(table, 0)
        if before != after:
            faults.append(f"{table} has {after} rows, not {before}")
    codes = sorted(set(wanted.heads) | set(found.heads))
    return faults + [
        f"the head of book {code} is another"
        for code in codes
        if wanted.heads.get(code) != found.heads.get(code)
    ]


def to_drop(kept: Sequence[Kept], *, now: datetime, days: int) -> list[str]:
    """K6: the names of those to drop, oldest first."""
    ordered = sorted(kept, key=lambda one: (one.made_at, one.name))
    spared = {one.name for one in ordered[-KEPT_AT_LEAST:]}
    proven = [one.name for one in ordered if one.proved_at is not None]
    spared.update(proven[-1:])
    old = [one.name for one in ordered if now - one.made_at > timedelta(days=days)]
    return [name for name in old if name not in spared]


def server_major(version: int) -> int:
    """The major version in the number that a PostgreSQL server gives of itself (180006: 18)."""
    return version // 10_000


def best_program(found: Mapping[str, int], *, server: int) -> str | None:
    """K1: of the programs found (path to major version), one for this server: the same version,
    else the nearest newer one; None when all are older.
    """
    fit = {path: major for path, major in found.items() if major >= server}
    return min(fit, key=lambda path: (fit[path], path)) if fit else None
