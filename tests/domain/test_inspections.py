"""Books opened for inspection: withheld and yet proved, asked about and answered (I1 to I7)."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.orm import Session

from ledger.audit import queries as audit_queries
from ledger.audit import rules as audit_rules
from ledger.books import queries as books_queries
from ledger.books import service as books
from ledger.books.rules import AccountSpec, credit, debit
from ledger.exports import checkpoints, inspecting, signing
from ledger.inspections import queries, rules, service
from ledger.kernel import keys
from ledger.kernel.clock import FixedClock
from ledger.kernel.db import transact, transaction
from ledger.kernel.errors import Forbidden, Invalid, LedgerError, Missing, RefusedByDatabase
from ledger.messages import queries as messages
from ledger.messages.rules import words
from ledger.parties import queries as party_queries
from ledger.parties import rules as party_rules
from ledger.parties import service as parties
from scripts import verify_inspection
from tests.cast import NAMES, Place
from tests.raw_books import spec

BANK, GIFTS, OWED = "Assets:Bank", "Income:Gifts", "Assets:Receivable:CMT-7K2M9QXA"
OPENS = date(2026, 3, 2)


def unfinished(session: Session, place: Place, now: datetime) -> int:
    """A February with gifts by a job, promises by residents and an adjustment by two officers."""
    accounts = [AccountSpec(BANK), AccountSpec(GIFTS), AccountSpec(OWED)]
    books.open_accounts(session, book=place.book, specs=accounts)
    rosa, sam, hana = (place.people[part] for part in ("resident", "s151", "head"))
    day = {"effective_on": date(2026, 2, 5)}
    books.post_many(
        session, book=place.book, now=now,
        specs=[
            spec("gift", debit(BANK, 700), credit(GIFTS, 700), maker="job:gifts", **day),
            spec("CMT-7K2M9QXA:receipt", debit(BANK, 50), credit(OWED, 50), maker=rosa,
                 note="paid at the door", **day),
            spec("late", debit(GIFTS, 20), credit(BANK, 20), kind="adjustment", maker=sam,
                 checker=hana, reason="=counted twice", **day),
            spec("march", debit(BANK, 5), credit(GIFTS, 5), effective_on=date(2026, 3, 1)),
        ],
    )  # fmt: skip
    return books.open_period(
        session, book=place.book, starts_on=date(2026, 2, 1), ends_on=date(2026, 2, 28)
    )


@pytest.fixture
def period(place: Place, clock: FixedClock) -> int:
    """February closed and signed for."""

    def unit(session: Session) -> int:
        number = unfinished(session, place, clock.now())
        books.begin_closing(session, period=number)
        books.close_period(
            session, period=number, signed_by=place.people["s151"],
            countersigned_by=place.people["head"], reason="all in", now=clock.now(),
        )  # fmt: skip
        return number

    number = transact(unit)
    checkpoints.make(book=place.book, reason="close", made_by="PER-A", now=clock.now())
    return number


def opened(place: Place, period: int, clock: FixedClock, *, on: date = OPENS) -> str:
    return transact(
        lambda s: inspecting.open_books(
            s, book=place.book, period=period, opens_on=on, actor=place.actor("s151"),
            now=clock.now(),
        )
    )  # fmt: skip


@pytest.fixture
def inspection(place: Place, period: int, clock: FixedClock) -> str:
    return opened(place, period, clock)


def bundle(inspection: str, kind: str, into: Path) -> Path:
    with transaction(read_only=True) as session:
        return inspecting.write(session, queries.inspection(session, inspection), kind, into)


def prove(folder: Path) -> tuple[list[str], str]:
    said: list[str] = []
    faults: list[str] = verify_inspection.verify(folder, say=said.append)
    return faults, "\n".join(said)


def root_in(folder: Path) -> bytes:
    digests = [
        audit_rules.leaf_hash(line.encode())
        for line in (folder / inspecting.COMMITMENTS).read_text().splitlines()
    ]
    return audit_rules.root_of(digests)


def everything_in(folder: Path) -> str:
    return "\n".join(path.read_text() for path in sorted(folder.iterdir()))


def test_the_public_and_the_auditor_have_the_same_root_and_only_one_of_them_the_names(
    inspection: str, place: Place, tmp_path: Path
) -> None:
    public, full = (bundle(inspection, kind, tmp_path) for kind in ("public", "full"))
    with transaction(read_only=True) as session:
        view = queries.inspection(session, inspection)
        signed = audit_queries.checkpoint(session, place.book, view.size)
    assert root_in(public) == root_in(full) == view.root
    assert signed is not None
    digests = [bytes.fromhex(line.split("\t")[1])
               for line in (public / inspecting.HASHES).read_text().splitlines()]  # fmt: skip
    assert audit_rules.root_of(digests) == signed.root
    for folder in (public, full):
        faults, said = prove(folder)
        assert faults == []
        assert "3 journals of 2026-02-01 to 2026-02-28" in said
    assert "0 withheld" in prove(full)[1]
    assert (public / "commitments.jsonl").read_bytes() == (full / "commitments.jsonl").read_bytes()
    shown, whole = everything_in(public), everything_in(full)
    personal = [place.people[part] for part in ("resident", "s151", "head")]
    personal += [NAMES[part] for part in ("resident", "s151", "head")] + ["CMT-7K2M9QXA"]
    assert [one for one in personal if one in shown] == []
    assert [one for one in personal if one not in whole] == []
    assert "paid at the door" not in shown + whole, "notes stay behind"
    sheet = (public / inspecting.SHEET).read_text()
    assert "2,2026-02-05,receipt,withheld,,withheld,,2,withheld,C,50,GBP,GENERAL,P" in sheet
    assert "'=counted twice" in sheet


def test_an_erased_person_is_gone_from_every_later_bundle_and_the_proof_stands(
    inspection: str, place: Place, clock: FixedClock, tmp_path: Path
) -> None:
    before = bundle(inspection, "full", tmp_path / "before")
    rosa = place.people["resident"]
    transact(
        lambda s: parties.erase_person(
            s, person=rosa, by=place.people["administrator"], reason="asked", now=clock.now()
        )
    )
    after = bundle(inspection, "full", tmp_path / "after")
    faults, said = prove(after)
    assert faults == []
    assert "2 withheld" in said, "her pseudonym and her name"
    assert root_in(after) == root_in(before)
    assert NAMES["resident"] in everything_in(before)
    assert NAMES["resident"] not in everything_in(after)
    # Who holds the database and every other salt cannot try her name on the commitment.
    with transaction(read_only=True) as session:
        view = queries.inspection(session, inspection)
        kept = queries.people_kept(session, inspection)[2]["maker_name"]
        assert parties.salts_of(session, people=[rosa]) == {}
    hers = json.loads((before / inspecting.OPENINGS).read_text().splitlines()[1])
    lost = bytes.fromhex(hers["opened"]["maker_name"][0])
    name = NAMES["resident"]
    assert rules.commitment(lost, seq=2, field="maker_name", value=name) == kept
    left = [bytes(32), view.secret]
    left += [rules.salt_of(one, inspection=inspection, seq=2, field="maker_name") for one in left]
    tried = [rules.commitment(one, seq=2, field="maker_name", value=name) for one in left]
    assert kept not in tried


def rename(session: Session, person: str, name: str) -> None:
    """Seal another name under the person's key."""
    key_id = party_queries.key_of(session, person)
    assert key_id is not None
    key = keys.store().key(key_id)
    assert key is not None
    known = replace(party_queries.known(session, [person])[person], name=name)
    session.execute(
        text("UPDATE vault SET sealed = :sealed WHERE person = :person"),
        {"person": person, "sealed": party_rules.sealed(known, person=person, key=key)},
    )


def test_who_changes_the_name_is_withheld_because_another_one_was_committed_to(
    inspection: str, place: Place, tmp_path: Path
) -> None:
    transact(lambda session: rename(session, place.people["resident"], "Rosa Married"))
    full = bundle(inspection, "full", tmp_path)
    assert prove(full)[0] == []
    assert "1 withheld" in prove(full)[1]


def bend_value(line: dict[str, Any]) -> None:
    line["opened"]["entry.1.value"][1][1] += 1


def bend_salt(line: dict[str, Any]) -> None:
    line["opened"]["kind"][0] = "0" * 64


def shut_value(line: dict[str, Any]) -> None:
    del line["opened"]["entry.1.value"]


def resealed(folder: Path) -> None:
    """Sign the manifest anew, as whoever holds the key can."""
    files = sorted(path for path in folder.iterdir() if not path.name.startswith("MANIFEST"))
    listed = "".join(
        f"{hashlib.sha256(one.read_bytes()).hexdigest()}  {one.name}\n" for one in files
    )
    (folder / "MANIFEST.sha256").write_text(listed)
    name = (folder / "checkpoint.txt").read_text().splitlines()[0]
    body = f"{name}\nmanifest {hashlib.sha256(listed.encode()).hexdigest()}\n"
    note = audit_rules.signed_note(body, name=name, seed=signing.seed())
    (folder / "MANIFEST.note").write_text(note)


def in_openings(bend: Callable[[dict[str, Any]], None]) -> Callable[[Path], None]:
    def act(folder: Path) -> None:
        path = folder / inspecting.OPENINGS
        lines = [json.loads(line) for line in path.read_text().splitlines()]
        bend(lines[1])
        path.write_text(
            "".join(
                json.dumps(line, separators=(",", ":"), sort_keys=True) + "\n" for line in lines
            )
        )

    return act


def drop_a_journal(folder: Path) -> None:
    for name in (inspecting.OPENINGS, inspecting.COMMITMENTS, inspecting.SHEET):
        path = folder / name
        lines = path.read_text().splitlines(keepends=True)
        path.write_text("".join(line for line in lines if '"seq":2' not in line
                                and not line.startswith("2,")))  # fmt: skip


def other_commitment(folder: Path) -> None:
    path = folder / inspecting.COMMITMENTS
    words = path.read_text().splitlines(keepends=True)
    line = json.loads(words[1])
    line["commitments"]["maker_name"] = "0" * 64
    words[1] = json.dumps(line, separators=(",", ":"), sort_keys=True) + "\n"
    path.write_text("".join(words))


def other_hash(folder: Path) -> None:
    path = folder / inspecting.HASHES
    path.write_text(path.read_text().replace("1\t", "1\tf", 1)[:-2] + "\n")


def in_sheet(folder: Path) -> None:
    path = folder / inspecting.SHEET
    path.write_bytes(path.read_bytes().replace(b",D,700,", b",D,701,"))


def foreign_seal(folder: Path) -> None:
    path = folder / "seal.txt"
    path.write_text(path.read_text().replace("journals 3", "journals 2"))


BENDS: list[tuple[Callable[[Path], None], str]] = [
    (in_openings(bend_value), "journal 2: entry.1.value is not what was committed to"),
    (in_openings(bend_salt), "journal 2: kind is not what was committed to"),
    (in_openings(shut_value), "journal 2: it does not balance"),
    (drop_a_journal, "2 journals do not have the root that the seal signs for"),
    (other_commitment, "3 journals do not have the root that the seal signs for"),
    (other_hash, "is not the hash of a journal"),
    (in_sheet, "journals.csv: journal 1 is not as it was opened"),
    (foreign_seal, "seal.txt: no signature"),
]


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_whatever_is_bent_in_a_bundle_is_found_even_under_a_new_signature(
    inspection: str, tmp_path: Path
) -> None:
    whole = bundle(inspection, "public", tmp_path)
    found = 0
    for number, (bend, said) in enumerate(BENDS):
        bent = tmp_path / str(number)
        shutil.copytree(whole, bent)
        bend(bent)
        assert "its bytes are not those in the manifest" in prove(bent)[0][0]
        resealed(bent)
        faults, _ = prove(bent)
        found += len(faults) == 1 and said in faults[0]
        assert said in faults[0], faults
    print(f"COUNT bundle_bends={len(BENDS)} named={found}")
    assert verify_inspection.main([str(whole), "--key", str(whole / "checkpoint.key")]) == 0


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_the_auditors_bundle_is_compared_with_the_journals_own_bytes(
    inspection: str, tmp_path: Path
) -> None:
    full = bundle(inspection, "full", tmp_path)
    in_openings(lambda line: line.update(leaf=line["leaf"].replace("receipt", "opening")))(full)
    resealed(full)
    assert prove(full)[0] == ["journal 2: its bytes do not have the hash beside them"]


def test_books_are_opened_once_when_they_are_closed_and_signed_for(
    place: Place, clock: FixedClock, app: Flask
) -> None:
    number = transact(lambda s: unfinished(s, place, clock.now()))

    def refused(error: type[LedgerError], words: str, **changed: Any) -> None:
        facts = {"actor": place.actor("s151"), "opens_on": OPENS} | changed
        with pytest.raises(error, match=words):
            transact(
                lambda s: inspecting.open_books(
                    s, book=place.book, period=number, now=clock.now(), **facts
                )
            )

    refused(rules.NotClosed, "is not closed")
    refused(Forbidden, "Your roles", actor=place.actor("officer"))

    def close(session: Session) -> None:
        books.begin_closing(session, period=number)
        books.close_period(
            session, period=number, signed_by="PER-A", countersigned_by="PER-B", reason="in",
            now=clock.now(),
        )  # fmt: skip

    transact(close)
    refused(rules.NotClosed, "No checkpoint covers")
    checkpoints.make(book=place.book, reason="close", made_by="PER-A", now=clock.now())
    refused(Invalid, "first day has passed", opens_on=OPENS - timedelta(days=1))
    made = opened(place, number, clock)
    refused(rules.AlreadyOpened, "opened for inspection before")
    with transaction(read_only=True) as session:
        view = queries.inspection(session, made)
        assert (view.opens_on, view.closes_on) == (OPENS, date(2026, 4, 14)), "Easter in between"
        assert [one.id for one in queries.inspections(session, place.book)] == [made]
        with pytest.raises(Missing):
            queries.inspection(session, "INS-NONE")


def asked(inspection: str, place: Place, clock: FixedClock, **changed: Any) -> str:
    facts: dict[str, Any] = {
        "kind": "question", "seq": 2, "line": 1, "words": "Who paid this?",
        "actor": place.actor("resident"),
    } | changed  # fmt: skip
    return transact(lambda s: service.ask(s, inspection=inspection, now=clock.now(), **facts))


def told(place: Place, matter: str, step: str, part: str, clock: FixedClock) -> str:
    return transact(
        lambda s: service.answer(
            s, matter=matter, step=step, words="A neighbour, at the door.",
            actor=place.actor(part), now=clock.now(),
        )
    )  # fmt: skip


def test_a_question_is_answered_by_the_council_and_then_everybody_reads_it(
    inspection: str, place: Place, clock: FixedClock
) -> None:
    matter = asked(inspection, place, clock)
    readers = ("resident", "officer", "auditor", "resident2", "organiser")

    def read() -> list[str]:
        with transaction(read_only=True) as session:
            view = queries.matter(session, matter)
        return [part for part in readers if view.may_be_read(place.actor(part))]

    assert read() == ["resident", "officer", "auditor"]
    with pytest.raises(Forbidden):
        told(place, matter, "answer", "resident2", clock)
    with pytest.raises(rules.WrongStep):
        told(place, matter, "decide", "auditor", clock)
    assert told(place, matter, "answer", "officer", clock) == "ANSWERED"
    assert read() == list(readers)
    with pytest.raises(rules.WrongStep, match="is answered"):
        told(place, matter, "answer", "head", clock)
    with pytest.raises(rules.WrongStep):
        transact(
            lambda s: service.withdraw(
                s, matter=matter, actor=place.actor("resident"), now=clock.now()
            )
        )
    with transaction(read_only=True) as session:
        events = [one.action for one in audit_queries.events(session, subject=matter)]
        letters = messages.for_person(session, place.people["resident"])
    said = [words(one.template, one.facts, name="Rosa") for one in letters]
    assert [(one.subject, "Your question about journal" in one.body) for one in said] == [
        ("What you asked about the books was answered", True)
    ]
    assert f"/inspections/matters/{matter}" in said[0].body
    assert sorted(events) == ["inspection.answer", "inspection.ask"]


def test_an_objection_goes_to_the_auditor_with_the_councils_reply(
    inspection: str, place: Place, clock: FixedClock
) -> None:
    matter = asked(inspection, place, clock, kind="objection", line=None)
    assert told(place, matter, "answer", "s151", clock) == "REPLIED"
    assert told(place, matter, "decide", "auditor", clock) == "DECIDED"
    own = asked(inspection, place, clock, kind="objection", actor=place.actor("auditor"))
    with pytest.raises(rules.OwnMatter):
        told(place, own, "decide", "auditor", clock)
    with pytest.raises(rules.OwnMatter):
        transact(
            lambda s: service.withdraw(
                s, matter=own, actor=place.actor("resident"), now=clock.now()
            )
        )
    transact(
        lambda s: service.withdraw(s, matter=own, actor=place.actor("auditor"), now=clock.now())
    )
    with transaction(read_only=True) as session:
        view = queries.matter(session, matter)
        assert [one.gives for one in view.answers] == ["REPLIED", "DECIDED"]
        every = [
            [
                one.id
                for one in queries.matters(session, inspection=inspection, actor=place.actor(part))
            ]
            for part in ("auditor", "officer", "resident2")
        ]
        assert every == [sorted([matter, own])] * 2 + [[matter]]
        with pytest.raises(Missing):
            queries.readable(session, own, place.actor("resident"))


def test_people_ask_from_the_first_to_the_last_day_in_london(
    place: Place, period: int, clock: FixedClock
) -> None:
    inspection = opened(place, period, clock, on=OPENS + timedelta(days=1))
    with pytest.raises(rules.NotOpen, match="begins on 3 March 2026"):
        asked(inspection, place, clock)
    clock.at = datetime.fromisoformat("2026-04-15T22:59:59.999999+00:00")  # 23:59 in London
    asked(inspection, place, clock)
    clock.move(timedelta(microseconds=1))
    with pytest.raises(rules.NotOpen, match="ended on 15 April 2026"):
        asked(inspection, place, clock)


@pytest.mark.parametrize(
    "changed", [{"seq": 4}, {"seq": 5}, {"line": 3}, {"words": "no"}, {"words": "x" * 5_001}]
)
def test_what_is_not_part_of_the_period_is_not_asked_about(
    inspection: str, place: Place, clock: FixedClock, changed: dict[str, Any]
) -> None:
    with pytest.raises(Invalid):
        asked(inspection, place, clock, **changed)
    with pytest.raises(Missing):
        asked(inspection, place, clock, seq=999)


RAW = [
    ("UPDATE inspection SET closes_on = opens_on", "never updated"),
    ("DELETE FROM inspection_leaf", "never deleted"),
    ("DELETE FROM inspection_matter", "never deleted"),
    ("UPDATE inspection_answer SET words = 'other'", "never updated"),
    ("UPDATE inspection_matter SET words = 'other words'", "only goes on"),
    ("UPDATE inspection_matter SET state = 'ASKED'", "only goes on"),
    (
        "INSERT INTO inspection_answer SELECT id, 'ANSWERED', 'again', 'PER-Z', asked_at"
        " FROM inspection_matter",
        "what waits for it",
    ),
    (
        "INSERT INTO inspection_matter SELECT 'INQ-RAW', inspection, kind, 4, NULL, words, 'ASKED',"
        " asked_by, asked_on, asked_at FROM inspection_matter",
        "about a journal of the period",
    ),
]


@pytest.mark.parametrize(("statement", "words"), RAW)
@pytest.mark.owner_only("it reads the guard's own words, and without the right no guard is asked")
def test_the_database_keeps_what_was_sealed_asked_and_said(
    inspection: str, place: Place, clock: FixedClock, statement: str, words: str
) -> None:
    told(place, asked(inspection, place, clock), "answer", "officer", clock)
    with pytest.raises(RefusedByDatabase, match=words):
        transact(lambda s: s.execute(text(statement)))


def test_the_database_opens_no_books_that_are_not_closed(place: Place, clock: FixedClock) -> None:
    number = transact(lambda s: unfinished(s, place, clock.now()))
    checkpoints.make(book=place.book, reason="asked", made_by="PER-A", now=clock.now())
    raw = text(
        "INSERT INTO inspection SELECT 'INS-RAW', p.book, p.id, p.starts_on, p.ends_on, p.ends_on,"
        " p.ends_on, 4, 1, c.root, c.root, 'seal', 'PER-A', c.made_at FROM period p, checkpoint c"
    )
    with pytest.raises(RefusedByDatabase, match="only a closed period"):
        transact(lambda s: s.execute(raw))
    assert number


def test_the_days_are_those_of_the_calendar() -> None:
    year = rules.bank_holidays(2026)
    assert {date(2026, 4, 3), date(2026, 4, 6), date(2026, 5, 25), date(2026, 12, 28)} < year
    assert date(2022, 12, 27) in rules.bank_holidays(2022)
    assert rules.last_day(date(2026, 6, 3)) == date(2026, 7, 14), "the first ten days of July too"
    assert rules.last_day(date(2026, 3, 7), days=1) == date(2026, 3, 9), "a Saturday begins later"
    assert rules.first_days(date(2026, 3, 31)) == (date(2026, 6, 3), date(2026, 7, 1))
    assert rules.july_of(date(2026, 3, 31)) == (date(2026, 7, 1), date(2026, 7, 14))
    assert rules.july_of(date(2023, 3, 31)) == (date(2023, 7, 3), date(2023, 7, 14)), "a Saturday"
    assert rules.first_days(date(2026, 2, 28)) is None
    for year in range(2024, 2034):
        first, last = rules.first_days(date(year, 3, 31)) or (OPENS, OPENS)
        tenth = rules.last_day(date(year, 7, 1), days=10)
        sooner = next(
            day for day in (first - timedelta(days=gone) for gone in range(1, 9))
            if rules.is_working(day)
        )  # fmt: skip
        assert rules.last_day(first) == tenth > rules.last_day(sooner)
        assert rules.is_working(last)
        assert last == rules.last_day(date(year, 7, 1), days=1)
    assert books_queries.Between(1, 0, 2).starts_on == date.min
