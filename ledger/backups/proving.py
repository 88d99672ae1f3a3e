"""Whether a restored book is whole: everything in it that can be proved is proved again (K4)."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from ledger.audit import queries as audit_queries
from ledger.audit import rules as audit_rules
from ledger.audit.queries import CheckpointRow
from ledger.backups import rules
from ledger.backups.rules import Manifest
from ledger.backups.taking import contents_of
from ledger.books import queries as books_queries
from ledger.dividends import queries as dividend_queries
from ledger.dividends import service as dividends
from ledger.exports import checkpoints as exported
from ledger.kernel.db import check_ready, is_sqlite, transaction_on
from ledger.kernel.errors import LedgerError

_ROWS = 200


@dataclass(slots=True)
class Proof:
    """What was proved, how much of it, and what does not hold (in words; empty when all does)."""

    faults: list[str] = field(default_factory=list)
    journals: int = 0
    checkpoints: int = 0
    decisions: int = 0
    undecidable: int = 0
    erased: int = 0
    seconds: float = 0.0

    @property
    def words(self) -> str:
        """What was proved, in one line."""
        left = f" ({self.undecidable} of an older form)" if self.undecidable else ""
        return (
            f"{self.journals} journals, {self.checkpoints} checkpoints and"
            f" {self.decisions} decisions{left}"
        )


def prove(engine: Engine, *, manifest: Manifest) -> Proof:
    """K4: prove a restored database against its manifest and against itself."""
    began, proof = time.monotonic(), Proof()
    with transaction_on(engine, read_only=True) as session:
        proof.faults += _by_the_database(session)
        found = Manifest(
            name=manifest.name, engine=manifest.engine, made_at=manifest.made_at,
            file=manifest.file, size_bytes=manifest.size_bytes, sha256=manifest.sha256,
            made_by=manifest.made_by, **contents_of(session.connection()),
        )  # fmt: skip
        proof.faults += rules.differences(manifest, found)
        try:
            check_ready(engine)
        except LedgerError as refusal:
            proof.faults.append(refusal.facts)
        for code, (number, _chain) in sorted(manifest.heads.items()):
            book = books_queries.book_id(session, code)
            proof.journals += number
            proof.faults += [f"{code}: {fault}" for fault in exported.faults(session, book=book)]
            _checkpoints(session, book, proof)
        _decisions(session, proof)
    proof.seconds = time.monotonic() - began
    return proof


def _by_the_database(session: Session) -> list[str]:
    """What the engine itself says: pages and keys on SQLite, checks and indexes on PostgreSQL."""
    if is_sqlite(session):
        said = [str(row[0]) for row in session.execute(text("PRAGMA integrity_check(20)"))]
        faults = [] if said == ["ok"] else [f"SQLite: {words}" for words in said]
        broken = session.execute(text("PRAGMA foreign_key_check")).fetchmany(20)
        return faults + [f"SQLite: a row of {row[0]} refers to none of {row[2]}" for row in broken]
    loose = session.scalars(
        text(
            "SELECT 'constraint ' || conname FROM pg_constraint WHERE NOT convalidated"
            " UNION ALL SELECT 'index ' || indexrelid::regclass FROM pg_index WHERE NOT indisvalid"
        )
    )
    return [f"PostgreSQL: {words} is not valid" for words in loose]


def _checkpoints(session: Session, book: int, proof: Proof) -> None:
    """T4, T5: every signature holds, and every root is that of the journals below it."""
    tree = audit_rules.Tree()
    digests = (digest for _number, digest in books_queries.leaf_hashes(session, book))
    for row in _oldest_first(session, book):
        proof.checkpoints += 1
        try:
            _origin, signed = audit_rules.read_checkpoint(row.note, public=row.public_key)
        except LedgerError as refusal:
            proof.faults.append(f"checkpoint {row.size}: {refusal.facts}")
            continue
        for digest in digests:
            tree.add(digest)
            if tree.size == row.size:
                break
        if signed != row.surveyed or (tree.size, tree.root()) != (row.size, row.root):
            proof.faults.append(f"checkpoint {row.size} is not about these journals")


def _oldest_first(session: Session, book: int) -> Iterator[CheckpointRow]:
    rows: list[CheckpointRow] = []
    before: int | None = None
    while page := audit_queries.checkpoints(session, book, before=before, rows_max=_ROWS):
        rows += page
        before = page[-1].size
    return reversed(rows)


def _decisions(session: Session, proof: Proof) -> None:
    """Every determination made again from its frozen readings, to the penny and the letter."""
    after = ""
    while page := dividend_queries.determinations(session, after=after, limit=_ROWS):
        for view in page:
            again = dividends.recomputed(session, determination=view.id)
            if again is None:
                proof.undecidable += 1
                continue
            proof.decisions += 1
            if again != view.facts:
                parts = sorted(key for key in again if again[key] != view.facts.get(key))
                proof.faults.append(f"{view.id} comes out otherwise: {', '.join(parts)}")
        after = page[-1].id
