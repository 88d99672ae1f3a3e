"""Extracts: one file about a period, the same bytes each time, safe in a spreadsheet."""

from __future__ import annotations

import csv
import io
import tracemalloc
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy.orm import Session

from ledger.books import queries
from ledger.books import service as books
from ledger.books.rules import credit, debit
from ledger.exports import extracts
from ledger.kernel.clock import FixedClock
from ledger.kernel.db import transact, transaction
from ledger.kernel.errors import Invalid, Missing
from ledger.parties import service as parties
from tests.cast import Place
from tests.raw_books import NOW, TODAY, open_books, spec

BANK, GIFTS = "Assets:Bank", "Income:Gifts"
SATURDAY_NIGHT = datetime(2026, 3, 28, 23, 30, tzinfo=UTC)


def post(book: int, id: str, pence: int, *, now: datetime, **facts: Any) -> None:
    gift = spec(id, debit(BANK, pence), credit(GIFTS, pence), **facts)
    transact(lambda session: books.post(session, book=book, spec=gift, now=now))


def write(
    book: int, kind: str, folder: Path, *days: date, size: int | None = None, code: str = "RAW"
) -> Path:
    first, last = days or (None, None)
    with transaction(read_only=True) as session:
        scope = extracts.scope_of(
            session, book=book, code=code, starts_on=first, ends_on=last, size=size
        )
        return extracts.make(session, extracts.named(kind), scope, folder)


def rows(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_bytes().decode())))


@pytest.fixture
def book(app: Flask) -> int:
    return open_books()


def test_each_journal_says_who_when_and_what_is_odd_about_it(book: int, tmp_path: Path) -> None:
    transact(
        lambda session: parties.set_limit(
            session, role="officer", kind="pledge.release", pence_max=100_000,
            starts_on=date(2026, 1, 1), set_by="PER-1", agreed_by="PER-2", now=NOW - timedelta(1),
        )
    )  # fmt: skip
    post(
        book, "odd", 100_000, now=SATURDAY_NIGHT, effective_on=date(2026, 3, 20), maker="PER-A",
        checker="PER-B", group="PLG-1", reason='=HYPERLINK("http://x")', kind="adjustment",
    )  # fmt: skip
    plain, *_, odd = rows(write(book, "journal-risks", tmp_path))
    assert odd == {
        "journal": "4", "id": "odd", "kind": "adjustment", "group": "PLG-1",
        "reason": "'=HYPERLINK(\"http://x\")", "effective_on": "2026-03-20",
        "recorded_at": "2026-03-28T23:30:00.000000Z", "recorded_in_london": "2026-03-28 23:30:00",
        "maker": "PER-A", "checker": "PER-B", "made_by_job": "no", "pounds": "1000.00",
        "days_back_dated": "8", "out_of_hours": "yes", "weekend": "yes", "round_to_pounds": "1000",
        "just_under_limit_pounds": "1000.00", "limit_role": "officer", "signs": "5",
    }  # fmt: skip
    assert (plain["id"], plain["signs"], plain["round_to_pounds"]) == ("first", "1", "100")
    assert (plain["out_of_hours"], plain["just_under_limit_pounds"]) == ("no", "")


def test_hours_are_londons_also_in_summer(book: int, tmp_path: Path) -> None:
    first = datetime(2026, 6, 1, 6, 30, tzinfo=UTC)
    post(book, "summer", 1, now=first, effective_on=date(2026, 6, 1))
    found = rows(write(book, "journal-risks", tmp_path))[-1]
    assert (found["recorded_in_london"], found["out_of_hours"]) == ("2026-06-01 07:30:00", "no")
    late = datetime(2026, 6, 1, 23, 30, tzinfo=UTC)
    post(book, "midnight", 1, now=late, effective_on=date(2026, 6, 1))
    found = rows(write(book, "journal-risks", tmp_path))[-1]
    assert (found["days_back_dated"], found["out_of_hours"]) == ("1", "yes")


def test_what_is_dated_ahead_stays_a_number(book: int, tmp_path: Path) -> None:
    post(book, "ahead", 5, now=NOW, effective_on=TODAY + timedelta(days=3))
    assert rows(write(book, "journal-risks", tmp_path))[-1]["days_back_dated"] == "-3"


@pytest.mark.parametrize("kind", list(extracts.EXTRACTS))
def test_the_same_period_up_to_the_same_journal_is_the_same_bytes(
    book: int, tmp_path: Path, kind: str
) -> None:
    days = (date(2026, 3, 1), date(2026, 3, 31))
    first = write(book, kind, tmp_path / "one", *days)
    post(book, "later", 777, now=NOW, reason="came later")
    again = write(book, kind, tmp_path / "two", *days, size=3)
    now = write(book, kind, tmp_path / "two", *days)
    assert first.name == again.name == f"RAW-2026-03-01-to-2026-03-31-3-{kind}.{first.suffix[1:]}"
    assert first.read_bytes() == again.read_bytes()
    assert (now.name != again.name, len(list((tmp_path / "two").iterdir()))) == (True, 2)


def test_only_the_days_asked_for_are_there(book: int, tmp_path: Path) -> None:
    post(book, "april", 9, now=NOW, effective_on=date(2026, 4, 1))
    inside = rows(write(book, "journal-risks", tmp_path, date(2026, 4, 1), date(2026, 4, 30)))
    assert [row["id"] for row in inside] == ["april"]
    assert rows(write(book, "journal-risks", tmp_path, date(2026, 5, 1), date(2026, 5, 2))) == []


def test_half_a_period_and_numbers_to_come_are_refused(book: int, tmp_path: Path) -> None:
    with transaction(read_only=True) as session:
        for facts in (
            {"starts_on": TODAY, "ends_on": None},
            {"starts_on": TODAY, "ends_on": TODAY - timedelta(days=1)},
            {"starts_on": None, "ends_on": None, "size": 4},
        ):
            with pytest.raises(Invalid):
                extracts.scope_of(session, book=book, code="RAW", **facts)  # type: ignore[arg-type]
        with pytest.raises(Missing):
            extracts.named("journal-jokes")


def test_a_fault_half_way_leaves_no_file(
    book: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise RuntimeError("half way")

    monkeypatch.setattr(queries, "as_date", fail)
    monkeypatch.setattr("ledger.exports.risks.as_date", fail)
    with pytest.raises(RuntimeError):
        write(book, "journal-risks", tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_memory_does_not_grow_with_the_journals(book: int, tmp_path: Path) -> None:
    def peak() -> int:
        tracemalloc.start()
        write(book, "journal-risks", tmp_path)
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    def unit(session: Session, numbers: range) -> None:
        gifts = [spec(f"g{one}", debit(BANK, 1), credit(GIFTS, 1)) for one in numbers]
        books.post_many(session, book=book, specs=gifts, now=NOW)

    transact(lambda session: unit(session, range(6_000)))
    some = peak()
    transact(lambda session: unit(session, range(6_000, 18_000)))
    most = peak()
    assert most < some * 1.5, (some, most)


def test_the_command_writes_the_file_and_says_where(
    app: Flask, place: Place, tmp_path: Path, clock: FixedClock
) -> None:
    def run(*words: str) -> Result:
        return app.test_cli_runner().invoke(args=["ledger", "extract", *words])

    made = run("journal-risks", "--into", str(tmp_path))
    assert (made.exit_code, made.output.strip()) == (
        0, str(tmp_path / "MAIN-all-0-journal-risks.csv"),
    )  # fmt: skip
    assert run("journal-risks", "--from", "2026-03-01").exit_code == 1
    assert run("journal-risks", "--up-to", "1").exit_code == 1
    assert run("journal-jokes").exit_code == 2
