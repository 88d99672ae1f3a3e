"""Checkpoints: signed after a survey, kept for ever, refused when history differs (T1 to T6)."""

from __future__ import annotations

import stat
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.orm import Session

from ledger.audit import queries, rules
from ledger.audit import service as audit
from ledger.books import service as books
from ledger.books.rules import credit, debit
from ledger.exports import checkpoints, signing
from ledger.kernel.db import db, transact, transaction
from ledger.kernel.errors import Missing, NotReady, RefusedByDatabase
from tests.raw_books import NOW, open_books, spec


@pytest.fixture
def book(app: Flask) -> int:
    return open_books()


def more(book: int, id: str) -> None:
    journal = spec(id, debit("Assets:Bank", 5), credit("Income:Gifts", 5))
    transact(lambda s: books.post(s, book=book, spec=journal, now=NOW))


def sign(book: int, reason: str = "daily") -> queries.CheckpointRow:
    return checkpoints.make(book=book, reason=reason, made_by="job:checkpoint", now=NOW)


def test_a_checkpoint_covers_every_journal_and_reads_back(book: int) -> None:
    made = sign(book)
    assert (made.size, made.origin, made.made_at) == (3, "127.0.0.1:8000/MAIN", NOW)
    assert rules.read_checkpoint(made.note, public=made.public_key) == (made.origin, made.surveyed)
    with transaction(read_only=True) as session:
        assert queries.latest_checkpoint(session, book) == made
        assert queries.first_checkpoint_covering(session, book, 2) == made
        assert queries.first_checkpoint_covering(session, book, 4) is None
        event = queries.events(session, action="checkpoint.make")[0]
    assert event.facts["size"] == 3


def test_nothing_new_gives_the_same_checkpoint_and_more_gives_a_consistent_one(book: int) -> None:
    first = sign(book)
    assert sign(book) == first
    more(book, "more")
    second = sign(book)
    with transaction(read_only=True) as session:
        proof = checkpoints.consistency(session, book=book, old=3, new=4)
        _, path = checkpoints.inclusion(session, book=book, seq=4)
    assert rules.consistency_holds(
        old=3, old_root=first.root, size=4, root=second.root, proof=proof
    )
    assert len(path) == 2


def test_a_journal_that_is_not_covered_yet_has_no_proof(book: int) -> None:
    with transaction(read_only=True) as session, pytest.raises(Missing, match="covers journal 1"):
        checkpoints.inclusion(session, book=book, seq=1)


def test_a_book_without_journals_has_nothing_to_sign(app: Flask) -> None:
    empty = transact(lambda s: books.create_book(s, code="EMPTY", name="Empty"))
    with pytest.raises(rules.CheckpointRefused, match="0 journals"):
        sign(empty)


def test_a_smaller_or_different_checkpoint_is_refused(book: int) -> None:
    more(book, "more")
    made = sign(book)
    facts = {"book": book, "origin": "x", "seed": signing.seed(), "reason": "asked",
             "made_by": "PER-A", "now": NOW}  # fmt: skip
    other = rules.Surveyed(4, bytes(32), made.chain)
    with pytest.raises(rules.HistoryChanged, match="something else"):
        transact(lambda s: audit.keep_checkpoint(s, surveyed=other, **facts))
    smaller = rules.Surveyed(3, bytes(32), bytes(32))
    with pytest.raises(rules.CheckpointRefused):
        transact(lambda s: audit.keep_checkpoint(s, surveyed=smaller, **facts))


def test_the_later_checkpoint_wins_when_two_are_made_at_once(
    book: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with transaction(read_only=True) as session:
        early = checkpoints.survey(session, book)
    more(book, "more")
    later = sign(book)
    monkeypatch.setattr(checkpoints, "survey", lambda _session, _book: early)
    assert sign(book) == later


def _without_guard(book: int, engine: str, statement: str) -> None:
    off = "DROP TRIGGER journal_no_update"
    with db.engine.connect() as connection:
        connection.execute(text(off + (" ON journal" if engine == "postgresql" else "")))
        connection.execute(text(statement))
        connection.commit()


@pytest.mark.owner_only("it bends what only an owner can")
def test_a_history_that_was_changed_is_not_signed_and_is_named(book: int, engine_name: str) -> None:
    sign(book)
    _without_guard(book, engine_name, "UPDATE journal SET leaf = req_hash WHERE seq = 2")
    with pytest.raises(rules.HistoryChanged, match="journal 2"):
        sign(book)
    with transaction(read_only=True) as session:
        assert "The bytes of journal 2 do not match their hash." in checkpoints.faults(
            session, book=book
        )


def test_a_whole_book_has_no_faults(book: int) -> None:
    sign(book)
    with transaction(read_only=True) as session:
        assert checkpoints.faults(session, book=book) == []


ATTACKS = {
    "UPDATE checkpoint SET note = 'x'": "never edited",
    "DELETE FROM checkpoint": "never deleted",
    "INSERT INTO checkpoint SELECT book, 2, root, chain, origin, public_key, note, reason, made_by,"
    " made_at FROM checkpoint": "never smaller",
    "INSERT INTO checkpoint SELECT book, 4, root, chain, origin, public_key, note, reason, made_by,"
    " made_at FROM checkpoint": "chain of a journal that is there",
    "INSERT INTO checkpoint SELECT book, 3, root, chain, origin, public_key, note, reason, made_by,"
    " made_at FROM checkpoint": "never replaced",
}


@pytest.mark.owner_only("it reads the guard's own words, and without the right no guard is asked")
def test_the_database_keeps_checkpoints_as_they_are(book: int, engine_name: str) -> None:
    sign(book)
    attacks = dict(ATTACKS)
    if engine_name == "postgresql":
        attacks["TRUNCATE checkpoint CASCADE"] = "never deleted"
    for statement, words in attacks.items():
        with pytest.raises(RefusedByDatabase, match=words):
            _run(statement)


def _run(statement: str) -> None:
    def unit(session: Session) -> None:
        session.execute(text(statement))

    transact(unit)


def test_the_key_is_made_once_for_its_owner_only(app: Flask) -> None:
    path = app.extensions["ledger.settings"].data_dir / "checkpoint.key"
    first = signing.seed()
    assert signing.seed() == first
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    words = path.read_text()
    path.write_text("not a key\n")
    with pytest.raises(NotReady, match="does not hold a signing key"):
        signing.seed()
    path.write_text(words)


def test_an_origin_stays_when_the_service_moves(book: int, monkeypatch: pytest.MonkeyPatch) -> None:
    first = sign(book)
    monkeypatch.setattr(signing, "origin", lambda: "elsewhere/MAIN")
    more(book, "more")
    assert sign(book).origin == first.origin


def test_time_does_not_enter_what_is_signed(book: int) -> None:
    first = sign(book)
    later = checkpoints.make(
        book=book, reason="asked", made_by="PER-A", now=NOW + timedelta(days=1)
    )
    assert later == first
