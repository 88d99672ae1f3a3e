"""Taking in files of counts: whole or not at all, once, and never overwritten."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from ledger.kernel import limits
from ledger.kernel.db import transact, transaction
from ledger.kernel.errors import Forbidden, Invalid, LedgerError
from ledger.outcomes import queries, service
from ledger.outcomes.rules.files import parse
from ledger.outcomes.rules.refusals import (
    AlreadyFinal,
    FileRefused,
    FileTooLarge,
    MeasureUnknown,
    RowsRefused,
)
from tests import dividing
from tests.cast import Place
from tests.dividing import MEASURE, NOW

TODAY = date(2026, 3, 2)
WIDE = "MajorText,MinorText,LookUp_BoroughName,202401,202402\n"
SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "outcomes"
POLICE = SHARED / "mps_borough_crime_2010-04_to_2021-11_wide.csv"


def take(place: Place, content: bytes, measure: str = MEASURE, **options: object) -> service.Report:
    parsed = parse(content, today=TODAY)
    return transact(
        lambda s: service.import_readings(
            s, measure=measure, parsed=parsed, content=content, filename="counts.csv",
            actor=place.actor("analyst"), now=NOW, **options,
        )
    )  # fmt: skip


def test_the_same_file_twice_changes_nothing(place: Place) -> None:
    first = take(place, dividing.readings_file())
    again = take(place, dividing.readings_file())
    assert (first.added, first.revised, first.same_file) == (288, 0, False)
    assert (again.added, again.unchanged, again.same_file) == (0, 288, True)
    with transaction(read_only=True) as session:
        assert len(queries.imports(session)) == 1


def test_a_changed_count_becomes_a_revision_and_the_old_row_stays(place: Place) -> None:
    # O8.
    take(place, dividing.readings_file())
    report = take(place, dividing.readings_file(after=40))
    assert report.added == 0
    assert report.revised + report.unchanged == 288
    with transaction(read_only=True) as session:
        series = queries.series_of(session, measure_version=f"{MEASURE}@1")["canal-side"]
        found = queries.readings(
            session, series=[series], from_on=date(2024, 1, 1), to_on=date(2024, 12, 1)
        )[series]
    assert sum(one.value for one in found) == 40
    assert {one.revision for one in found} == {1, 2}


def test_a_dry_run_counts_and_keeps_nothing(place: Place) -> None:
    take(place, dividing.readings_file())
    tried = take(place, dividing.readings_file(after=40), dry_run=True)
    assert (tried.dry_run, tried.revised > 0, tried.added) == (True, True, 0)
    assert take(place, dividing.readings_file(after=40)).revised == tried.revised
    new = take(place, (WIDE + "Arson,Fires,Here,1,2\n").encode(), measure="mps", dry_run=True)
    assert new.added == 2
    with transaction(read_only=True) as session:
        assert [one.id for one in queries.measures(session)] == [MEASURE]


def test_a_wide_file_makes_a_measure_for_each_offence(place: Place) -> None:
    content = (
        WIDE + "Arson,Fires,Lane End,1,2\nArson,Bins,Lane End,3,4\nArson,Fires, Far  Side,0,9\n"
    )
    assert take(place, content.encode(), measure="mps").added == 6
    with transaction(read_only=True) as session:
        found = {one.id: one.name for one in queries.measures(session)}
        assert found == {"mps.arson.fires": "Fires (Arson)", "mps.arson.bins": "Bins (Arson)"}
        areas = queries.areas(session, measure_version="mps.arson.fires@1")
    assert areas == {"far-side": "Far Side", "lane-end": "Lane End"}


def test_a_file_in_windows_letters_is_read(place: Place) -> None:
    content = (WIDE + "Arson,Fires,Saint-Rémy,1,2\n").encode("cp1252")
    assert parse(content, today=TODAY).encoding == "cp1252"
    assert take(place, content, measure="mps").added == 2


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"  \n", "empty"),
        (b"%PDF-1.7\n%rest\n", "a PDF"),
        (b"PK\x03\x04rest\n", "an Excel workbook or a zip file"),
        (b"\xff\xfea\x00\n", "UTF-16"),
        (b"area,period,value\nA\x00,2024-01,1\n", "not text"),
        (b"area,period,value\nA,2024-01,1", "cut off"),
        (b"area,period,count\nA,2024-01,1\n", "no layout known here"),
        (b"\x81\x8d\x8f\n", "neither UTF-8"),
        (b"area,period,value\n", "no rows"),
        (b'area,period,value\n"A"x,2024-01,1\n', "rules of CSV"),
        (b"MajorText,MinorText,LookUp_BoroughName,202413\na,b,c,1\n", "is not a month"),
        (b"MajorText,MinorText,LookUp_BoroughName,202401,202401\na,b,c,1,1\n", "comes twice"),
        (b"MajorText,MinorText,LookUp_BoroughName,202604\na,b,c,1\n", "has not begun"),
    ],
)
def test_what_is_no_file_of_counts_is_refused_whole(content: bytes, words: str) -> None:
    # O10.
    with pytest.raises(FileRefused, match=words) as refusal:
        parse(content, today=TODAY)
    assert refusal.value.remedy


@pytest.mark.parametrize(
    ("row", "column", "words"),
    [
        ("A,2024-13,1", "period", "is not a month"),
        ("A,2026-04,1", "period", "has not begun"),
        ("A,2024-02-30,1", "period", "is not a month"),
        ("A,2024-01,1.5", "value", "is not a whole number"),
        ("A,2024-01,-4", "value", "below zero"),
        ("A,2024-01,NaN", "value", "is not a whole number"),
        ("A,2024-01,1_000", "value", "is not a whole number"),
        ("A,2024-01,²", "value", "is not a whole number"),
        ("A,2024-01,", "value", "blank"),
        ("A,2024-01,99999999999", "value", "more than"),
        (" ,2024-01,1", "area", "no usable name"),
        ("A,2024-01", "", "2 columns"),
        ("B,2024-01,2", "period", "twice"),
    ],
)
def test_each_bad_row_is_named_by_line_and_column(row: str, column: str, words: str) -> None:
    parsed = parse(f"area,period,value\nB,2024-01,1\n{row}\n".encode(), today=TODAY)
    (problem,) = parsed.problems
    assert (problem.line, problem.column) == (3, column)
    assert words in problem.facts
    assert problem.remedy


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ("a,b,C,1\n", "4 columns"),
        ("a,b,C,1,x\n", "is not a whole number"),
        (",b,C,1,2\n", "no usable name"),
        ("a,b,C,1,2\nA, B ,c,1,2\n", "line 2 already"),
    ],
)
def test_bad_rows_of_a_wide_file_are_named_too(rows: str, words: str) -> None:
    parsed = parse((WIDE + rows).encode(), today=TODAY)
    assert words in parsed.problems[0].facts


def test_one_bad_row_keeps_everything_out(place: Place) -> None:
    with pytest.raises(RowsRefused, match="line 3"):
        take(place, b"area,period,value\nA,2024-01,1\nA,2024-02,x\n")
    with transaction(read_only=True) as session:
        assert queries.measures(session) == []


def test_all_problems_are_counted_and_the_first_thousand_kept() -> None:
    rows = "".join(f"A{n},2024-01,x\n" for n in range(1_200))
    parsed = parse(f"area,period,value\n{rows}".encode(), today=TODAY)
    assert (parsed.problem_count, len(parsed.problems)) == (1_200, 1_000)


def test_too_large_a_file_is_refused_before_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "IMPORT_BYTES_MAX", 10)
    with pytest.raises(FileTooLarge):
        parse(b"area,period,value\n", today=TODAY)
    monkeypatch.undo()
    monkeypatch.setattr(limits, "IMPORT_ROWS_MAX", 1)
    with pytest.raises(FileTooLarge):
        parse(b"area,period,value\nA,2024-01,1\nA,2024-02,1\n", today=TODAY)
    monkeypatch.setattr(limits, "IMPORT_COLUMNS_MAX", 1)
    with pytest.raises(FileTooLarge):
        parse((WIDE + "a,b,c,1,2\n").encode(), today=TODAY)


def test_a_final_mark_goes_forward_and_not_into_the_future(place: Place) -> None:
    take(place, dividing.readings_file())

    def mark(through: date, measure: str = MEASURE, part: str = "analyst") -> None:
        transact(
            lambda s: service.mark_final(
                s, measure=measure, through_on=through, actor=place.actor(part), now=NOW
            )
        )

    mark(date(2024, 12, 31))
    for refused, through in ((AlreadyFinal, date(2024, 12, 1)), (Invalid, date(2026, 4, 1))):
        with pytest.raises(refused):
            mark(through)
    with pytest.raises(MeasureUnknown):
        mark(date(2025, 1, 1), measure="nothing")
    with pytest.raises(Forbidden):
        mark(date(2025, 1, 1), part="officer")


def test_only_an_analyst_uploads(place: Place) -> None:
    content = dividing.readings_file()
    with pytest.raises(Forbidden):
        transact(
            lambda s: service.import_readings(
                s, measure=MEASURE, parsed=parse(content, today=TODAY), content=content,
                filename="x.csv", actor=place.actor("officer"), now=NOW,
            )
        )  # fmt: skip


def test_a_snapshot_is_taken_once_and_its_bytes_are_stable(place: Place) -> None:
    deal = dividing.running(place)

    def freeze(session: Session) -> queries.SnapshotView:
        return service.freeze(session, owner=f"{deal.agreement}:1", facts={"x": 1}, now=NOW)

    first, second = transact(freeze), transact(freeze)
    assert first == second
    assert first.body.startswith(b'{"facts":{"x":1},"owner":"AGR-')
    with transaction(read_only=True) as session:
        assert queries.snapshot(session, "nothing") is None


def test_readings_that_are_missing_are_counted(place: Place) -> None:
    deal = dividing.running(place)
    with transaction(read_only=True) as session:
        whole = queries.window_sums(session, [f"{deal.agreement}:1"])[f"{deal.agreement}:1"]
    assert whole.missing == 0
    assert whole.sums == {"before": 144, "after": 28, "other_before": 600, "other_after": 190}


@pytest.mark.skipif(not POLICE.exists(), reason="the shared data are not beside the project")
def test_the_police_extract_is_read_in_full(place: Place) -> None:
    report = take(place, POLICE.read_bytes(), measure="mps")
    assert (report.rows, report.added, report.problem_count) == (1_728, 241_920, 0)
    with transaction(read_only=True) as session:
        assert len(queries.measures(session)) == 56
        arson = "mps.arson-and-criminal-damage.arson@1"
        series = queries.series_of(session, measure_version=arson)["barking-and-dagenham"]
        found = queries.readings(
            session, series=[series], from_on=date(2010, 4, 1), to_on=date(2011, 3, 1)
        )
    assert sum(one.value for one in found[series]) == 114


def test_a_measure_needs_its_words(place: Place) -> None:
    for changed in ({"code": "Bad code"}, {"name": " "}, {"definition": ""}):
        asked = {"code": "fires.bins", "name": "Bins", "definition": "Fires in bins."} | changed
        with pytest.raises(LedgerError):
            transact(
                lambda s, asked=asked: service.define_measure(
                    s, **asked, source="", supplier="", actor=place.actor("analyst"), now=NOW
                )
            )  # fmt: skip
