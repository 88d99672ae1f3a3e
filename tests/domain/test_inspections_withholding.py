"""Withheld by hand as commercially confidential, listed with a reason, and yet proved (I8 to I10)."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable, Collection
from datetime import date, datetime
from pathlib import Path

import pytest
from sqlalchemy import text

from ledger.audit import queries as audit_queries
from ledger.exports import inspecting
from ledger.inspections import queries, rules, service
from ledger.kernel.clock import FixedClock
from ledger.kernel.db import transact, transaction
from ledger.kernel.errors import Forbidden, Invalid, LedgerError, Missing, RefusedByDatabase
from tests.cast import NAMES, Place
from tests.domain.test_inspections import (  # noqa: F401 - two of them are fixtures
    bundle,
    everything_in,
    in_openings,
    inspection,
    opened,
    period,
    prove,
    resealed,
    root_in,
)

WHY = "It names the price that a contractor gave for work that is tendered again."
SECRET = "counted twice"


def withhold(
    place: Place, clock: FixedClock, seq: int = 3, parts: Collection[str] = ("reason",),
    part: str = "s151", *, shut: bool = True, reason: str = WHY,
) -> None:  # fmt: skip
    step = service.withhold if shut else service.show_again
    transact(
        lambda s: step(
            s, book=place.book, journal=seq, parts=parts, reason=reason, actor=place.actor(part),
            now=clock.now(),
        )
    )  # fmt: skip


def listed(folder: Path) -> list[dict[str, str]]:
    with (folder / inspecting.LISTED).open(newline="") as file:
        return list(csv.DictReader(file))


def sheet(folder: Path) -> list[dict[str, str]]:
    with (folder / inspecting.SHEET).open(newline="") as file:
        return list(csv.DictReader(file))


def test_what_is_withheld_by_hand_leaves_the_root_as_it_was_and_says_why(
    inspection: str, place: Place, clock: FixedClock, tmp_path: Path  # noqa: F811
) -> None:  # fmt: skip
    before = bundle(inspection, "public", tmp_path / "before")
    assert SECRET in everything_in(before)
    assert listed(before) == []
    withhold(place, clock)
    withhold(place, clock, seq=1, parts=["entry.2", "group"], part="head")
    public, full = (bundle(inspection, kind, tmp_path) for kind in ("public", "full"))
    with transaction(read_only=True) as session:
        root = queries.inspection(session, inspection).root
    assert root_in(before) == root_in(public) == root_in(full) == root
    same = [(one / inspecting.COMMITMENTS).read_bytes() for one in (before, public, full)]
    assert len(set(same)) == 1
    for folder in (public, full):
        assert prove(folder)[0] == []
    assert "(8 of them by hand)" in prove(public)[1]
    assert "0 withheld, all" in prove(full)[1]
    assert SECRET not in everything_in(public)
    assert SECRET in everything_in(full)
    rows = sheet(public)
    assert [row["reason"] for row in rows] == ["", "", "", ""] + [inspecting.BY_HAND] * 2
    assert [(row["id"], row["account"]) for row in rows[:2]] == [
        (inspecting.BY_HAND, "Assets:Bank"), (inspecting.BY_HAND, inspecting.BY_HAND),
    ]  # fmt: skip
    assert [row["quantity"] for row in rows] == ["700", "700", "50", "50", "20", "20"]
    assert [(one["journal"], one["field"], one["ground"]) for one in listed(public)] == [
        ("1", "entry.2.account", rules.GROUND), ("1", "entry.2.after", rules.GROUND),
        ("1", "recorded_us", rules.BESIDE), ("1", "group", rules.GROUND), ("1", "id", rules.GROUND),
        ("3", "reason", rules.GROUND), ("3", "purpose", rules.GROUND),
        ("3", "recorded_us", rules.BESIDE),
    ]  # fmt: skip
    assert {one["reason"] for one in listed(public)} == {WHY}
    assert {one["withheld_by"] for one in listed(public)} == {"the council"}
    assert {one["withheld_by"] for one in listed(full)} == {NAMES["s151"], NAMES["head"]}


def test_it_is_withheld_before_the_period_is_opened_too(
    place: Place, period: int, clock: FixedClock, tmp_path: Path  # noqa: F811
) -> None:  # fmt: skip
    withhold(place, clock)
    public = bundle(opened(place, period, clock), "public", tmp_path)
    assert prove(public)[0] == []
    assert SECRET not in everything_in(public)


def test_what_is_shown_again_is_in_the_next_bundle_and_may_be_withheld_once_more(
    inspection: str, place: Place, clock: FixedClock, tmp_path: Path  # noqa: F811
) -> None:  # fmt: skip
    withhold(place, clock, parts=["reason", "entry.1"])
    withhold(place, clock, shut=False, reason="The tender is over.")
    with transaction(read_only=True) as session:
        view = queries.inspection(session, inspection)
        assert [one.part for one in queries.withheld(session, view)] == ["entry.1"]
        assert [one.words for one in queries.withheld_of(session, place.book, 3)] == [
            "the account of entry 1"
        ]
        assert queries.withheld(session, view, limit=0) == []
    public = bundle(inspection, "public", tmp_path)
    assert (prove(public)[0], SECRET in everything_in(public)) == ([], True)
    assert {one["field"] for one in listed(public)} == {
        "entry.1.account", "entry.1.after", "recorded_us",
    }  # fmt: skip
    withhold(place, clock)
    assert SECRET not in everything_in(bundle(inspection, "public", tmp_path))
    with transaction(read_only=True) as session:
        events = audit_queries.events(session, subject="late")
    assert sorted(one.action for one in events) == [
        "inspection.show_again", "inspection.withhold", "inspection.withhold",
    ]  # fmt: skip
    assert "The tender is over." in {one.reason for one in events}


def test_a_guess_about_what_is_withheld_misses_more_than_the_guessed_words(
    inspection: str, place: Place, clock: FixedClock, tmp_path: Path  # noqa: F811
) -> None:  # fmt: skip
    """I9: the leaf of a journal needs its instant too, and the two pseudonyms beside it."""
    withhold(place, clock)
    public = bundle(inspection, "public", tmp_path)
    given = json.loads((public / inspecting.OPENINGS).read_text().splitlines()[2])["opened"]
    assert {"reason", "purpose", "recorded_us", "maker", "checker"} & set(given) == set()
    assert {"kind", "effective_on", "entry.1.account"} <= set(given)


def open_a_listed_field(public: Path, full: Path) -> None:
    whole = json.loads((full / inspecting.OPENINGS).read_text().splitlines()[2])["opened"]
    path = public / inspecting.OPENINGS
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    lines[2]["opened"]["purpose"] = whole["purpose"]
    path.write_text(
        "".join(json.dumps(one, separators=(",", ":"), sort_keys=True) + "\n" for one in lines)
    )


def in_list(bend: Callable[[list[list[str]]], object]) -> Callable[[Path, Path], None]:
    def act(public: Path, _full: Path) -> None:
        path = public / inspecting.LISTED
        with path.open(newline="") as file:
            rows = list(csv.reader(file))
        bend(rows)
        with path.open("w", newline="") as file:
            csv.writer(file).writerows(rows)

    return act


def name_it_personal(public: Path, _full: Path) -> None:
    path = public / inspecting.SHEET
    path.write_bytes(path.read_bytes().replace(inspecting.BY_HAND.encode(), b"withheld"))


BENDS: list[tuple[Callable[[Path, Path], None], str]] = [
    (open_a_listed_field, "journal 3: purpose is listed as withheld, and is opened"),
    (in_list(lambda rows: rows.pop(1)), "journals.csv: journal 3 is not as it was opened"),
    (in_list(lambda rows: rows[1].__setitem__(3, " ")), "journal 3, reason: its line is not whole"),
    (in_list(lambda rows: rows[1].__setitem__(2, "dull")), "journal 3, reason: its line is not"),
    (in_list(lambda rows: rows.append(rows[1])), "journal 3, reason: its line is not whole"),
    (in_list(lambda rows: rows[1].__setitem__(1, "kind")), "kind is listed as withheld, and is"),
    (in_list(lambda rows: rows[1].__setitem__(1, "price")), "withheld.csv: journal 3 has no price"),
    (in_list(lambda rows: rows[1].__setitem__(0, "9")), "journals.csv: journal 3 is not as it"),
    (in_list(lambda rows: rows.append(["9", *rows[1][1:]])), "journal 9 is not in the bundle"),
    (in_list(lambda rows: rows[0].reverse()), "withheld.csv: its columns are others"),
    (name_it_personal, "journals.csv: journal 3 is not as it was opened"),
]


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_whatever_is_bent_in_what_was_withheld_is_found_even_under_a_new_signature(
    inspection: str, place: Place, clock: FixedClock, tmp_path: Path  # noqa: F811
) -> None:  # fmt: skip
    withhold(place, clock)
    public, full = (bundle(inspection, kind, tmp_path) for kind in ("public", "full"))
    found = 0
    for number, (bend, said) in enumerate(BENDS):
        bent = tmp_path / str(number)
        shutil.copytree(public, bent)
        bend(bent, full)
        assert "its bytes are not those in the manifest" in prove(bent)[0][0]
        resealed(bent)
        faults, _ = prove(bent)
        found += len(faults) == 1 and said in faults[0]
        assert said in faults[0], faults
    print(f"COUNT withholding_bends={len(BENDS)} named={found}")
    assert found == len(BENDS)


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_a_bundle_of_before_is_proved_as_it_was(inspection: str, tmp_path: Path) -> None:  # noqa: F811
    public = bundle(inspection, "public", tmp_path)
    (public / inspecting.LISTED).unlink()
    resealed(public)
    assert prove(public)[0] == []
    in_openings(lambda line: line["opened"].pop("kind"))(public)
    resealed(public)
    assert "journal 2 is not as it was opened" in prove(public)[0][0]


REFUSED: dict[str, tuple[dict[str, object], type[LedgerError], str]] = {
    "no part": ({"parts": []}, Invalid, "Name some of: reason, group, entry.1, entry.2"),
    "another part": ({"parts": ["kind"]}, Invalid, "no part of journal 3"),
    "another entry": ({"parts": ["entry.3"]}, Invalid, "no part of journal 3"),
    "one part twice": ({"parts": ["reason", "reason"]}, Invalid, "each once"),
    "no reason": ({"reason": "no"}, Invalid, "3"),
    "no journal": ({"seq": 99}, Missing, "no journal 99"),
    "an officer": ({"part": "officer"}, Forbidden, "roles"),
    "an auditor": ({"part": "auditor"}, Forbidden, "roles"),
    "it is shown": ({"shut": False}, rules.WithheldAlready, "it is not withheld"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_cannot_be_withheld_is_refused(
    inspection: str, place: Place, clock: FixedClock, what: str  # noqa: F811
) -> None:  # fmt: skip
    facts, refusal, words = REFUSED[what]
    with pytest.raises(refusal, match=words):
        withhold(place, clock, **facts)  # type: ignore[arg-type]
    with transaction(read_only=True) as session:
        assert queries.withheld_of(session, place.book, 3) == []


def test_a_part_is_withheld_once_and_until_the_last_day(
    inspection: str, place: Place, clock: FixedClock  # noqa: F811
) -> None:  # fmt: skip
    withhold(place, clock)
    with pytest.raises(rules.WithheldAlready, match="Its reason and purpose: it is withheld"):
        withhold(place, clock, parts=["group", "reason"])
    clock.at = datetime.fromisoformat("2026-04-14T22:59:59.999999+00:00")  # 23:59 in London
    withhold(place, clock, parts=["group"])
    clock.at = datetime.fromisoformat("2026-04-14T23:00:00+00:00")
    for shut, parts in ((True, ["entry.1"]), (False, ["group"])):
        with pytest.raises(rules.NotOpen, match="ended on 14 April 2026"):
            withhold(place, clock, parts=parts, shut=shut)
    withhold(place, clock, seq=4)  # a journal of March, whose period nobody opened


RAW = [
    ("UPDATE inspection_withholding SET reason = 'another'", "never updated"),
    ("DELETE FROM inspection_withholding", "never deleted"),
    ("INSERT INTO inspection_withholding SELECT book, seq, part, 3, reason, said_by, said_on,"
     " said_at FROM inspection_withholding", "in turn"),
    ("INSERT INTO inspection_withholding SELECT book, seq, 'kind', 1, reason, said_by, said_on,"
     " said_at FROM inspection_withholding", "in turn"),
    ("INSERT INTO inspection_withholding SELECT book, seq, 'entry.9', 1, reason, said_by, said_on,"
     " said_at FROM inspection_withholding", "in turn"),
    ("INSERT INTO inspection_withholding SELECT book, seq, 'group', 1, reason, said_by,"
     " '2026-04-15', said_at FROM inspection_withholding", "until its inspection is over"),
]  # fmt: skip


@pytest.mark.parametrize(("statement", "words"), RAW)
@pytest.mark.owner_only("the right is refused before the guard is asked")
def test_the_database_keeps_every_word_and_their_order(
    inspection: str, place: Place, clock: FixedClock, statement: str, words: str  # noqa: F811
) -> None:  # fmt: skip
    withhold(place, clock)
    with pytest.raises(RefusedByDatabase, match=words):
        transact(lambda s: s.execute(text(statement)))


def test_parts_are_named_as_people_say_them() -> None:
    assert rules.parts_of([1, 2]) == ["reason", "group", "entry.1", "entry.2"]
    assert rules.fields_of_parts([]) == frozenset()
    assert [rules.part_words(one) for one in rules.parts_of([7])] == [
        "its reason and purpose", "what it belongs to, and its reference",
        "the account of entry 7",
    ]  # fmt: skip
    shown = {"kind", "effective_on", "entry.1.value"}
    assert shown & rules.fields_of_parts(rules.parts_of([1])) == set()
    rules.check_in_time(today=date(2026, 4, 14), closes_on=date(2026, 4, 14))
