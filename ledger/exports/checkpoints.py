"""Making checkpoints: survey the whole book while only reading, then sign in a short unit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from ledger.audit import queries as audit_queries
from ledger.audit import rules as audit_rules
from ledger.audit import service as audit
from ledger.audit.queries import CheckpointRow
from ledger.books import queries as books_queries
from ledger.books import service as books
from ledger.exports import publishing, signing
from ledger.kernel.db import transact, transaction
from ledger.kernel.errors import Missing


def make(*, book: int, reason: str, made_by: str, now: datetime) -> CheckpointRow:
    """Sign a checkpoint over every journal of the book (T5), write its file and have it announced.

    When nothing is new since the last one, that is what comes back.

    Raises:
        HistoryChanged: the books are not what was signed before.
        CheckpointRefused: the book is empty.
    """
    with transaction(read_only=True) as session:
        surveyed = survey(session, book)

    def unit(session: Session) -> CheckpointRow:
        last = audit_queries.latest_checkpoint(session, book)
        if last is not None and last.size > surveyed.size:
            return last  # somebody else signed more while we were surveying
        return _keep(session, book, surveyed, reason=reason, made_by=made_by, now=now)

    made = transact(unit)
    publishing.write_soon(made)
    return made


def make_within(
    session: Session, *, book: int, reason: str, made_by: str, now: datetime
) -> CheckpointRow:
    """The same within a unit of the caller's, which keeps writers waiting while it surveys.

    Its file is written by the job that looks for missing ones, a minute later: until the unit ends
    nothing was signed.
    """
    surveyed = survey(session, book)
    return _keep(session, book, surveyed, reason=reason, made_by=made_by, now=now)


def _keep(
    session: Session, book: int, surveyed: audit_rules.Surveyed, *, reason: str, made_by: str,
    now: datetime,
) -> CheckpointRow:  # fmt: skip
    row = audit.keep_checkpoint(
        session, book=book, surveyed=surveyed, origin=signing.origin(), seed=signing.seed(),
        reason=reason, made_by=made_by, now=now,
    )  # fmt: skip
    publishing.check_kept(session, row)  # a file that says something else undoes the signature
    publishing.announce(session, row, now=now)
    return row


def sign_closed_periods(*, book: int, made_by: str, now: datetime) -> CheckpointRow | None:
    """Sign the books when a closed period is not under a checkpoint yet; None when each one is.

    For whoever closes a period to call as soon as that is done. Should it never be called, the job
    that publishes checkpoints finds the period a minute later.

    Raises:
        HistoryChanged: the books are not what was signed before.
    """
    with transaction(read_only=True) as session:
        closed = [
            period["seq_at_close"]
            for period in books_queries.periods(session, book)
            if period["status"] == "CLOSED" and period["seq_at_close"]
        ]
        last = audit_queries.latest_checkpoint(session, book)
    if not closed or (last is not None and last.size >= max(closed)):
        return None
    return make(book=book, reason="close", made_by=made_by, now=now)


def survey(session: Session, book: int) -> audit_rules.Surveyed:
    """Hash every leaf of the book again and meet its last checkpoint on the way (T5)."""
    last = audit_queries.latest_checkpoint(session, book)
    before = last.surveyed if last is not None else None
    with books_queries.leaves(session, book) as leaves:
        return audit_rules.survey(leaves, before=before)


def faults(session: Session, *, book: int) -> list[str]:
    """Everything that is wrong with the books as they stand, in words; empty when they are whole."""
    found = books.self_check(session, book=book) + books.row_check(session, book=book)
    try:
        survey(session, book)
    except audit_rules.HistoryChanged as changed:
        found.append(changed.facts)
    return found


def inclusion(session: Session, *, book: int, seq: int) -> tuple[CheckpointRow, list[bytes]]:
    """The first checkpoint that covers a journal, and the proof that the journal is in it (T2).

    Raises:
        Missing: no checkpoint covers it yet.
    """
    signed = audit_queries.first_checkpoint_covering(session, book, seq)
    if signed is None:
        raise Missing(
            f"No checkpoint covers journal {seq} yet.",
            remedy="A checkpoint is made every night. Come back tomorrow, or ask for one now.",
            place=str(seq),
        )
    return signed, inclusions(session, signed=signed, seqs=[seq])[0]


def inclusions(
    session: Session, *, signed: CheckpointRow, seqs: Sequence[int]
) -> list[list[bytes]]:
    """The proofs that journals are in a checkpoint that covers them, in one pass (T2)."""
    ranges = [audit_rules.inclusion_ranges(seq - 1, signed.size) for seq in seqs]
    every = [one for path in ranges for one in path]
    roots = iter(audit_rules.range_roots(_digests(session, signed.book, signed.size), every))
    return [[next(roots) for _ in path] for path in ranges]


def consistency(session: Session, *, book: int, old: int, new: int) -> list[bytes]:
    """The proof that the checkpoint of ``new`` journals only added to that of ``old`` (T3)."""
    ranges = audit_rules.consistency_ranges(old, new)
    return audit_rules.range_roots(_digests(session, book, new), ranges)


def _digests(session: Session, book: int, size: int) -> Iterator[bytes]:
    for number, digest in books_queries.leaf_hashes(session, book):
        if number > size:
            return
        yield digest
