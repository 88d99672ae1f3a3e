"""Witnesses: who co-signs, only ever going on, and how many it takes (T7 to T9)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.orm import Session

from ledger.audit import queries, rules
from ledger.audit import service as audit
from ledger.books import service as books
from ledger.books.rules import credit, debit
from ledger.exports import checkpoints, witnessing
from ledger.kernel.db import transact, transaction
from ledger.kernel.errors import Invalid, Missing, RefusedByDatabase
from tests.owner import rewrite_history
from tests.raw_books import NOW, open_books, spec
from tests.witnesses import Witness

NAMES = ("lane-end.example/w", "river.example/w", "otherton.example/w")


@pytest.fixture
def book(app: Flask) -> int:
    return open_books()


def more(book: int, id: str) -> None:
    journal = spec(id, debit("Assets:Bank", 5), credit("Income:Gifts", 5))
    transact(lambda s: books.post(s, book=book, spec=journal, now=NOW))


def sign(book: int, at: datetime = NOW) -> queries.CheckpointRow:
    return checkpoints.make(book=book, reason="daily", made_by="job:checkpoint", now=at)


def register(book: int, *outside: Witness) -> list[str]:
    def unit(session: Session) -> list[str]:
        return [
            audit.register_witness(
                session, book=book, called=f"People of {one.key.name}", key_line=one.key.line,
                by="PER-A", now=NOW,
            )
            for one in outside
        ]  # fmt: skip

    return transact(unit)


def offer(
    row: queries.CheckpointRow, witness: Witness, proof: Sequence[bytes] = (), at: datetime = NOW
) -> str | None:
    return witness.cosign(row.note, books=row.public_key, at=at, proof=proof)


def accept(row: queries.CheckpointRow, note: str | None, at: datetime = NOW) -> list[str]:
    assert note is not None
    return transact(lambda s: witnessing.accept(s, book=row.book, size=row.size, note=note, now=at))


def standing(row: queries.CheckpointRow) -> rules.Standing:
    with transaction(read_only=True) as session:
        return queries.standings(session, [row])[row.size]


def proof_of(book: int, old: int, new: int) -> list[bytes]:
    with transaction(read_only=True) as session:
        return checkpoints.consistency(session, book=book, old=old, new=new)


def test_a_checkpoint_is_witnessed_when_more_than_half_have_co_signed(book: int) -> None:
    three = [Witness(name) for name in NAMES]
    register(book, *three)
    row = sign(book)
    assert (standing(row).of, standing(row).needed, standing(row).is_witnessed) == (3, 2, False)
    assert accept(row, offer(row, three[0])) == [NAMES[0]]
    assert (len(standing(row).cosigned), standing(row).is_witnessed) == (1, False)
    accept(row, offer(row, three[1]))
    assert (len(standing(row).cosigned), standing(row).is_witnessed) == (2, True)
    with transaction(read_only=True) as session:
        note = queries.cosigned_note(session, row)
        events = queries.events(session, action="checkpoint.cosign")
    assert [line.split(" ")[1] for line in note.splitlines()[5:]] == [row.origin, *NAMES[:2]]
    assert rules.read_checkpoint(note, public=row.public_key) == (row.origin, row.surveyed)
    assert [event.facts["size"] for event in events] == [3, 3]


def test_a_witness_goes_on_with_proof_and_may_send_the_same_again(book: int) -> None:
    witness = Witness(NAMES[0])
    register(book, witness)
    first = sign(book)
    noted = offer(first, witness)
    accept(first, noted)
    accept(first, noted)
    more(book, "more")
    second = sign(book)
    accept(second, offer(second, witness, proof_of(book, 3, 4)))
    with transaction(read_only=True) as session:
        (reference,) = [one.id for one in queries.witnesses(session, book)]
        assert queries.last_head(session, reference) == rules.Head(4, second.root, NOW)
    with pytest.raises(rules.WitnessWentBack, match="co-signed 4 journals"):
        accept(first, noted)


def test_several_lines_below_one_checkpoint_are_taken_together(book: int) -> None:
    three = [Witness(name) for name in NAMES]
    register(book, *three[:2])
    row = sign(book)
    lines = "".join(one.line(row.note, at=NOW) + "\n" for one in three)
    assert accept(row, row.note + lines) == list(NAMES[:2])


def test_a_line_that_no_witness_made_is_refused(book: int) -> None:
    witness, stranger = Witness(NAMES[0]), Witness(NAMES[1])
    row = sign(book)
    with pytest.raises(rules.NotWitnessed, match="registered here"):
        accept(row, offer(row, witness))
    register(book, witness)
    for note in (row.note, offer(row, stranger), row.note + "\u2014 lane-end.example/w !\n"):
        with pytest.raises(rules.NotWitnessed, match="registered here"):
            accept(row, note)
    posing = Witness(NAMES[1])
    posing.key = witness.key
    with pytest.raises(rules.NotWitnessed, match="does not hold"):
        accept(row, offer(row, posing))
    assert standing(row).cosigned == ()


def test_a_witness_whose_clock_is_wrong_is_told_so(book: int) -> None:
    witness = Witness(NAMES[0])
    register(book, witness)
    row = sign(book)
    with pytest.raises(rules.NotWitnessed, match="cannot be"):
        accept(row, offer(row, witness, at=NOW + timedelta(minutes=6)))
    accept(row, offer(row, witness, at=NOW + timedelta(minutes=4)))
    more(book, "more")
    row = sign(book)
    with pytest.raises(rules.NotWitnessed, match="cannot be"):
        accept(row, offer(row, witness, proof_of(book, 3, 4), at=NOW))
    broken = rules.NoteKey(witness.key.name, witness.key.public, rules.COSIGNS)
    with pytest.raises(rules.NotWitnessed, match="does not hold"):
        rules.cosignature(broken.line_with(bytes(8)), body="x\n", key=broken)


def test_a_time_that_is_no_time_is_refused_although_it_was_signed(book: int) -> None:
    witness = Witness(NAMES[0])

    class Never(datetime):
        def timestamp(self) -> float:
            return float(1 << 60)

    body = "x\n"
    line = witness.line(body + "\n", at=Never(2026, 1, 1, tzinfo=UTC))
    with pytest.raises(rules.NotWitnessed, match="no time"):
        rules.cosignature(line, body=body, key=witness.key)


def test_a_witness_is_registered_once_and_ended_once(book: int) -> None:
    witness = Witness(NAMES[0])
    (reference,) = register(book, witness)
    with pytest.raises(rules.WitnessTaken):
        register(book, witness)
    renamed = rules.NoteKey("new.example/w", witness.key.public, rules.COSIGNS)
    witness.key = renamed
    with pytest.raises(rules.WitnessTaken):
        register(book, witness)
    facts = {"witness": reference, "by": "PER-A", "now": NOW}
    with pytest.raises(Invalid):
        transact(lambda s: audit.end_witness(s, reason="", **facts))
    transact(lambda s: audit.end_witness(s, reason="it moved away", **facts))
    with pytest.raises(rules.WitnessEnded):
        transact(lambda s: audit.end_witness(s, reason="again", **facts))
    with pytest.raises(Missing):
        transact(lambda s: audit.end_witness(s, reason="who", **facts | {"witness": "WIT-NONE"}))
    row = sign(book)
    with pytest.raises(rules.WitnessEnded):
        accept(row, offer(row, Witness(NAMES[0])))
    assert standing(row).of == 0
    assert not standing(row).is_witnessed


def test_who_ended_before_a_checkpoint_is_not_waited_for(book: int) -> None:
    early, late = Witness(NAMES[0]), Witness(NAMES[1])
    first, _ = register(book, early, late)
    row = sign(book, NOW + timedelta(hours=1))
    accept(row, offer(row, early, at=NOW), at=NOW)
    later = NOW + timedelta(hours=2)
    transact(lambda s: audit.end_witness(s, witness=first, reason="left", by="PER-A", now=later))
    more(book, "more")
    after = sign(book, NOW + timedelta(hours=3))
    assert (standing(row).of, len(standing(row).cosigned)) == (2, 1)
    assert standing(after).of == 1


def test_the_books_own_key_under_two_histories_is_told_as_a_fork(book: int) -> None:
    honest, bribed = Witness(NAMES[0]), Witness(NAMES[1], forgets=True)
    register(book, honest, bribed)
    row = sign(book)
    forged = rules.Surveyed(row.size, bytes(32), row.chain)
    from ledger.exports import signing

    other = rules.signed_note(
        rules.checkpoint_body(origin=row.origin, surveyed=forged), name=row.origin,
        seed=signing.seed(),
    )  # fmt: skip
    with pytest.raises(rules.ForkFound, match="signed two checkpoints of 3 journals") as found:
        accept(row, other + bribed.line(other, at=NOW) + "\n")
    assert found.value.shown.startswith(other)
    unsigned = other.replace("\u2014 ", "\u2014 x.")
    with pytest.raises(rules.NotACheckpoint):
        accept(row, unsigned + bribed.line(unsigned, at=NOW) + "\n")
    elsewhere = rules.signed_note(
        rules.checkpoint_body(origin="elsewhere/MAIN", surveyed=row.surveyed),
        name="elsewhere/MAIN", seed=signing.seed(),
    )  # fmt: skip
    with pytest.raises(rules.NotACheckpoint, match="of elsewhere/MAIN"):
        accept(row, elsewhere + bribed.line(elsewhere, at=NOW) + "\n")


def test_a_forked_history_cannot_gather_k_of_n(book: int) -> None:
    """Whoever owns the database and the key rewrites everything; the street does not co-sign it."""
    street = [Witness(NAMES[0]), Witness(NAMES[1]), Witness(NAMES[2], forgets=True)]
    register(book, *street)
    signed = sign(book)
    for one in street:
        accept(signed, offer(signed, one))
    assert standing(signed).is_witnessed

    rewrite_history(book, 2, b'"second"', b'"forged"')
    more(book, "after the forgery")
    forged = sign(book)
    assert forged.size == 4
    proof = proof_of(book, 3, 4)
    notes = [offer(forged, one, proof) for one in street]
    for note in notes:
        if note is not None:
            accept(forged, note)
    found = standing(forged)
    print(f"COUNT fork_cosigned={len(found.cosigned)} needed={found.needed} of={found.of}")
    assert [note is not None for note in notes] == [False, False, True]
    assert (len(found.cosigned), found.needed, found.is_witnessed) == (1, 2, False)


def test_witnesses_without_memory_would_co_sign_the_fork(book: int) -> None:
    """The control of the test above: it is the witnesses' memory that refuses."""
    street = [Witness(name, forgets=True) for name in NAMES]
    register(book, *street)
    signed = sign(book)
    for one in street:
        accept(signed, offer(signed, one))
    rewrite_history(book, 2, b'"second"', b'"forged"')
    more(book, "after the forgery")
    forged = sign(book)
    for one in street:
        accept(forged, offer(forged, one, proof_of(book, 3, 4)))
    assert standing(forged).is_witnessed


def test_the_service_too_remembers_what_each_witness_knows(book: int) -> None:
    """A history rewritten below a co-signature that is still there is found when they next sign."""
    bribed = Witness(NAMES[0], forgets=True)
    register(book, bribed)
    accept(row := sign(book), offer(row, bribed))
    more(book, "more")
    with transaction(read_only=True) as session:
        reference = queries.witnesses(session, book)[0].id
        assert queries.last_head(session, reference) is not None
    second = sign(book)
    given = rules.cosignature(
        bribed.line(second.note, at=NOW), body=rules.split_note(second.note)[0], key=bribed.key
    )
    assert given is not None
    with pytest.raises(rules.ForkFound, match="do not begin with the 3"):
        transact(
            lambda s: audit.keep_cosignature(
                s, witness=reference, checkpoint=second, given=given, now=NOW,
                goes_on=lambda _head: False,
            )
        )  # fmt: skip


ATTACKS = {
    "UPDATE witness SET public_key = root FROM checkpoint": "only ever ended",
    "UPDATE witness SET called = 'x'": "only ever ended",
    "DELETE FROM witness": "never deleted",
    "UPDATE cosignature SET line = 'x'": "never edited",
    "DELETE FROM cosignature": "never deleted",
    "INSERT INTO cosignature SELECT witness, size, book, root, line, signed_at, accepted_at"
    " FROM cosignature": "never less than before",
    "INSERT INTO cosignature SELECT witness, size - 1, book, root, line, signed_at, accepted_at"
    " FROM cosignature": "never less than before",
    "INSERT INTO cosignature SELECT w.id, 3, w.book, w.public_key, 'x', w.registered_at,"
    " w.registered_at FROM witness w WHERE w.name LIKE 'river%'": "that is there",
}


@pytest.mark.owner_only("it reads the guard's own words, and without the right no guard is asked")
def test_the_database_keeps_witnesses_and_their_lines(book: int, engine_name: str) -> None:
    one, two = Witness(NAMES[0]), Witness(NAMES[1])
    register(book, one, two)
    row = sign(book)
    accept(row, offer(row, one))
    attacks = dict(ATTACKS)
    if engine_name == "postgresql":
        attacks["TRUNCATE cosignature"] = "never deleted"
        attacks["TRUNCATE witness CASCADE"] = "never deleted"
    for statement, words in attacks.items():
        with pytest.raises(RefusedByDatabase, match=words), transaction() as session:
            session.execute(text(statement))


@pytest.mark.parametrize(("of", "needed"), [(0, 0), (1, 1), (2, 2), (3, 2), (4, 3), (5, 3)])
def test_more_than_half_is_needed(of: int, needed: int) -> None:
    assert rules.needed(of) == needed
    assert needed * 2 > of or not of
