"""The audit pack: one folder, made whole or not at all, that proves itself offline."""

from __future__ import annotations

import json
import secrets
import shutil
import tempfile
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import IO, Any, Final

import pysqlite3.dbapi2 as sqlite
from sqlalchemy.orm import Session

from ledger.audit import queries as audit_queries
from ledger.audit import rules as audit_rules
from ledger.audit.queries import CheckpointRow
from ledger.books import queries as books_queries
from ledger.exports import decisions, leaves, lines, sheets, signing, tables, texts
from ledger.exports.files import HashedFile, sha256_of
from ledger.exports.passing import Passing
from ledger.exports.progress import Progress
from ledger.exports.spool import Spool
from ledger.exports.tables import Scope, check_days
from ledger.kernel.db import db, is_sqlite, transaction
from ledger.kernel.errors import Missing

DATABASE: Final = "books.sqlite"
MANIFEST: Final = "MANIFEST.sha256"
_ZIPPED_AT: Final = (1980, 1, 1, 0, 0, 0)

README: Final = """Audit pack of the book {code}
{underline}

It holds {contents}, as they stood under the checkpoint of {size} journals.

  books.sqlite           every account, journal and entry, with the trial balance (open it with
                         any SQLite browser, or with: datasette books.sqlite)
  *.csv                  the same as sheets; cells that would run as formulas begin with a quote
  hledger-UNIT.journal   for: hledger check -s ordereddates -f hledger-GBP.journal
  beancount-UNIT...      for: bean-check beancount-GBP.beancount
  leaves.tsv             number, hash, chain and stored bytes of each journal
  decisions.jsonl        (where there are any) each decision about a dividend, whether it pays or
                         not: its record, whose hash is the purpose of the journal that awards it,
                         with the terms and readings from which it can be made again
  checkpoint.txt         the size and root of the tree over all journals, signed
  checkpoint.key         the public key; compare it with the one that the service publishes
  MANIFEST.sha256        the hash of every file, for: sha256sum -c MANIFEST.sha256
  MANIFEST.note          the signature of the manifest

To prove it without the service, with Python 3.11 and nothing else:

  python3 verify_books.py THIS-FOLDER --checkpoint AN-OLDER-CHECKPOINT.txt
  python3 verify_decisions.py THIS-FOLDER --checkpoint AN-OLDER-CHECKPOINT.txt

The second makes the decisions again, and needs the first beside it. An older checkpoint that you kept yourself shows that nothing before it was changed since.
People appear by pseudonym. Notes beside journals are left out: they may be erased one day.
"""


@dataclass(frozen=True, slots=True)
class Pack:
    """A pack that was made: its name, folder, and the checkpoint it stands under."""

    name: str
    folder: Path
    size: int

    @property
    def zip(self) -> Path:
        """The same pack as one file to download."""
        return self.folder.with_suffix(".zip")


def scope_of(
    session: Session, *, book: int, code: str, starts_on: date | None, ends_on: date | None
) -> Scope:
    """Which journals a pack of these days holds (X1).

    A closed period is taken under the first checkpoint after its close, so that it is the same
    pack for ever; anything else under the newest checkpoint.

    Raises:
        Missing: nothing was signed yet.
        Invalid: only one day is given, or they are in the wrong order.
    """
    check_days(starts_on, ends_on)
    signed = _checkpoint_for(session, book, starts_on, ends_on)
    if signed is None:
        raise Missing(
            "Nothing in this book was signed yet.",
            remedy="Make a checkpoint first: flask ledger checkpoint make.",
        )
    if starts_on is None or ends_on is None:
        return Scope(book, code, signed.size)
    return Scope(book, code, signed.size, starts_on, ends_on)


def _checkpoint_for(
    session: Session, book: int, starts_on: date | None, ends_on: date | None
) -> CheckpointRow | None:
    for period in books_queries.periods(session, book):
        days = (period["starts_on"], period["ends_on"])
        if period["status"] == "CLOSED" and days == (starts_on, ends_on):
            found = audit_queries.first_checkpoint_covering(session, book, period["seq_at_close"])
            if found is not None:
                return found
    return audit_queries.latest_checkpoint(session, book)


def name_of(scope: Scope) -> str:
    """What a pack is called: book, period and size of its checkpoint."""
    return f"{scope.code}-{scope.words}-{scope.size}"


def make(scope: Scope, into: Path, *, listener: Callable[[str], None] | None = None) -> Pack:
    """Make the pack in a folder below ``into``, or return the one that is there (X2)."""
    told = Progress(listener)
    name = name_of(scope)
    made = Pack(name, into / name, scope.size)
    if made.folder.exists():
        return made
    into.mkdir(parents=True, exist_ok=True)
    working = Path(tempfile.mkdtemp(prefix=f".{name}.", dir=into))
    try:
        _fill(working, scope, told)
        working.chmod(0o755)
        working.rename(made.folder)
    except OSError:
        if not made.folder.exists():  # somebody else made the same pack meanwhile
            raise
    finally:
        shutil.rmtree(working, ignore_errors=True)
    return made


def zipped(made: Pack) -> Path:
    """The pack as one file to download, made once and renamed when whole (X2)."""
    if not made.zip.exists():
        working = made.folder.with_name(f".{made.name}.{secrets.token_hex(4)}.zip")
        try:
            zip_into(working, made.folder, made.name)
            working.rename(made.zip)
        finally:
            working.unlink(missing_ok=True)
    return made.zip


def _fill(folder: Path, scope: Scope, told: Progress) -> None:
    """Write every file; what is short comes last, from the pack's own database.

    What the databases do by themselves, a thread does while Python writes the sheet and the texts:
    in SQLite the whole copy, one statement a table, and on both the list of leaves. Journals below
    a checkpoint never change. From PostgreSQL the rows pass by once, into the copy and the sheet.
    """
    with (
        transaction(read_only=True) as session,
        Spool(folder / ".spool", len(texts.RENDERERS)) as spool,
    ):
        signed = audit_queries.checkpoint(session, scope.book, scope.size)
        assert signed is not None, "a scope ends at a checkpoint"
        facts = tables.about(scope, {"origin": signed.origin, "key": signed.key_line})
        live = db.engine.url.database if is_sqlite(session) else None
        told.say(f"copying the books and writing {lines.SHEET}")
        with ThreadPoolExecutor(1) as aside:
            if live is not None:
                copied = aside.submit(_copy_file, folder, scope, facts, live)
            listed = aside.submit(leaves.write, db.engine, folder, scope)
            if live is not None:
                hashes = {lines.SHEET: lines.write(_books(session, scope), folder, spool)}
                hashes[DATABASE] = copied.result()
            else:
                with tables.making(folder / DATABASE, scope, facts) as copy:
                    tables.copy_short_tables(copy, session)
                    hashes = {lines.SHEET: lines.write(Passing(session, copy), folder, spool)}
                hashes[DATABASE] = sha256_of(folder / DATABASE)
            hashes[leaves.NAME] = listed.result()
        hashes |= decisions.write(session, folder, scope)
        session.rollback()
        _write_files(folder, scope, hashes, spool, told)
    _write_small(folder, scope, signed, facts, hashes)


def _copy_file(folder: Path, scope: Scope, facts: dict[str, str], live: str) -> str:
    with tables.making(folder / DATABASE, scope, facts, live=live) as copy:
        tables.copy_attached(copy)
    return sha256_of(folder / DATABASE)


def _books(session: Session, scope: Scope) -> lines.Books:
    """The books by the driver's own connection: rows come as plain tuples."""
    connection: Any = session.connection().connection.dbapi_connection
    return lines.Books(connection.execute, scope)


def _opened(folder: Path) -> Any:
    return sqlite.connect(f"file:{folder / DATABASE}?mode=ro", uri=True)


def _write_files(
    folder: Path, scope: Scope, hashes: dict[str, str], spool: Spool, told: Progress
) -> None:
    with closing(_opened(folder)) as store:
        for sheet in sheets.SHEETS:
            told.say(f"writing {sheet}")
            hashes[sheet] = sheets.write(store, folder, sheet)
        if store.execute("SELECT 1 FROM journal LIMIT 1").fetchone():
            for kind in texts.RENDERERS:
                for unit in texts.units(store):
                    name = texts.name(kind, unit[0])
                    told.say(f"writing {name}")
                    hashes[name] = texts.write(store, folder, kind, unit, scope.code, spool=spool)


def _write_small(
    folder: Path, scope: Scope, signed: CheckpointRow, facts: dict[str, str],
    hashes: dict[str, str],
) -> None:  # fmt: skip
    small = {
        "README.txt": _readme(scope),
        "pack.json": json.dumps(facts, indent=2, sort_keys=True) + "\n",
        "checkpoint.txt": signed.note,
        "checkpoint.key": signed.key_line + "\n",
    }
    for name, words in small.items():
        hashes[name] = _write_text(folder / name, words)
    write_manifest(folder, hashes, signed)


def _write_text(path: Path, words: str) -> str:
    with HashedFile(path) as file:
        file.write(words)
        return file.sha256


def write_manifest(folder: Path, hashes: dict[str, str], signed: CheckpointRow) -> None:
    """X6: every file with its hash, and the signature of them all."""
    words = "".join(f"{hashes[name]}  {name}\n" for name in sorted(hashes))
    digest = _write_text(folder / MANIFEST, words)
    seed = signing.seed()
    name = signed.origin
    if audit_rules.public_key(seed) == signed.public_key:
        body = f"{name}\nmanifest {digest}\n"
        _write_text(folder / "MANIFEST.note", audit_rules.signed_note(body, name=name, seed=seed))


def _readme(scope: Scope) -> str:
    period = f"the journals from {scope.starts_on} to {scope.ends_on}"
    contents = "every journal" if scope.whole else period
    underline = "=" * len(f"Audit pack of the book {scope.code}")
    return README.format(code=scope.code, underline=underline, contents=contents, size=scope.size)


def zip_into(target: Path | IO[bytes], folder: Path, name: str) -> None:
    """A folder as one file with fixed times and order, so that the same gives the same bytes."""
    paths = sorted(folder.iterdir())
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as packed:
        for path in paths:
            entry = zipfile.ZipInfo(f"{name}/{path.name}", _ZIPPED_AT)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            with path.open("rb") as source, packed.open(entry, "w", force_zip64=True) as out:
                shutil.copyfileobj(source, out, 1 << 20)
