"""B15: what an auditor takes away: accepted by others' tools, true to the penny, bent by nobody.

The tools of accountants check arithmetic, never history: a penny in one place makes each of them
fail, but a history that was rewritten all through passes them, and only an older checkpoint finds it.
"""

from __future__ import annotations

import csv
import json
import random
import re
import sqlite3
import zipfile
from collections import Counter
from datetime import timedelta
from decimal import Decimal
from functools import lru_cache
from pathlib import Path

import pytest
import sqlite_utils
import xlsxwriter
from sqlalchemy.orm import Session

from ledger.audit.rules import HistoryChanged
from ledger.books import service as books
from ledger.books.rules import AccountSpec, JournalRefused, JournalSpec, credit, debit
from ledger.exports import publishing, sheets, workbook
from ledger.kernel.clock import FixedClock, london_day
from ledger.kernel.db import transact, transaction
from ledger.pledges import service as pledges
from scripts import verify_books
from tests import workbooks
from tests.cast import Place
from tests.checkers import giving_validator, needs_contracts
from tests.pledging import Stage
from tests.raw_books import spec
from tests.taken_away import (
    READINGS,
    awarded,
    by_entries,
    prove,
    rewrite,
    sign,
    take,
    texts_of,
    trial_balance,
)

BANK, GIFTS = "Assets:Bank:Client", "Income:Gifts"
BENT = 8  # pennies tried in each file that a tool checks
RUNS = 'HYPERLINK("http://x.example","here")'
STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\0", "＝")
"""Of these nine, the books keep the five that people can see, and refuse the others."""
PENNIES = re.compile(r"(?<=  )-?\d+\.\d\d(?=(?: ~ 0)? GBP)")


@pytest.fixture
def stage(place: Place, clock: FixedClock) -> Stage:
    """A pledge that paid its group, gifts in money and hours, and texts that would run."""
    stage = Stage(place, clock)
    pledge = stage.delivering(people=3, each=30_000)
    release = stage.release(pledge, 50_001)
    stage.release(pledge, 1_005)

    def unit(session: Session) -> None:
        pledges.pay_release(
            session, release=release, reference="RUN 1", actor=place.actor("officer"),
            now=stage.now,
        )  # fmt: skip
        accounts = [
            AccountSpec(GIFTS), AccountSpec("Assets:Hours", unit="HOUR"),
            AccountSpec("Income:Hours", unit="HOUR"),
        ]  # fmt: skip
        books.open_accounts(session, book=place.book, specs=accounts)
        specs = [
            gift(stage, f"gift-{at}", 1_005 + at, reason=start + RUNS)
            for at, start in enumerate(kept())
        ]
        hours = (debit("Assets:Hours", 90), credit("Income:Hours", 90))
        specs.append(spec("hours", *hours, effective_on=london_day(stage.now)))
        books.post_many(session, book=place.book, specs=specs, now=stage.now)

    transact(unit)
    return stage


def kept() -> list[str]:
    return [start for start in STARTS if start.isprintable()]


def gift(stage: Stage, id: str, pence: int, *, days: int = 0, **facts: str) -> JournalSpec:
    day = london_day(stage.now) + timedelta(days=days)
    return spec(id, debit(BANK, pence), credit(GIFTS, pence), effective_on=day, **facts)


def post(stage: Stage, *specs: JournalSpec) -> None:
    transact(lambda s: books.post_many(s, book=stage.place.book, specs=list(specs), now=stage.now))


@needs_contracts
def test_every_tool_accepts_what_is_taken_away(stage: Stage, tmp_path: Path) -> None:
    sign(stage)
    today = london_day(stage.now)
    told: Counter[str] = Counter()
    for name, days in {"whole": (), "range": (today - timedelta(days=9), today)}.items():
        taken = take(stage, tmp_path / name, *days)
        for path, check in texts_of(taken.pack.folder):
            told[check.__name__] += 1
            assert check(path) == 0, path.name
        package = json.loads(taken.extracts["360giving"].read_text())
        told["grants"] += len(package["grants"])
        assert [str(fault) for fault in giving_validator().iter_errors(package)] == []
        assert prove(taken.pack.folder) == []
        del package["grants"][0]["fundingOrganization"]
        assert not giving_validator().is_valid(package), "the schema misses what is left out"
    print(
        f"COUNT b15_hledger_files={told['hledger']} beancount_files={told['bean_check']}"
        f" accepted={told['hledger'] + told['bean_check']} grants_valid={told['grants']}"
    )
    assert told["grants"] == 4


def test_every_file_has_the_totals_of_the_trial_balance(stage: Stage, tmp_path: Path) -> None:
    sign(stage)
    taken = take(stage, tmp_path)
    wanted, rows = trial_balance(stage)
    differing = [read.__name__ for read in READINGS if read(taken) != wanted]
    owed = [row.cr for path, row in rows.items() if path.startswith("Liabilities:PayableGroup:")]
    pounds = (Decimal(sum(owed)) / 100, Decimal(sum(owed)) / 100, Decimal(rows[BANK].cr) / 100)
    print(
        f"COUNT b15_accounts={len(wanted)} readings={len(READINGS)} differing={len(differing)}"
        f" awards_pounds={awarded(taken)[0]} payments_pounds={awarded(taken)[2]}"
    )
    assert differing == []
    assert awarded(taken) == pounds == (Decimal("510.06"), Decimal("510.06"), Decimal("500.01"))
    post(stage, gift(stage, "one more", 1))
    later, _ = trial_balance(stage)
    assert [read.__name__ for read in READINGS if read(taken) == later] == [], "one penny shows"


def test_the_same_range_gives_the_same_bytes(stage: Stage, tmp_path: Path) -> None:
    size = sign(stage).size
    today = london_day(stage.now)
    days = (today - timedelta(days=9), today)
    first = take(stage, tmp_path / "first", *days)
    stage.move(hours=5)
    post(stage, gift(stage, "tomorrow's", 5, days=1))
    again = take(stage, tmp_path / "again", *days, size=size)
    pairs = list(zip(first.files, again.files, strict=True))
    assert [one.name for one, _ in pairs] == [two.name for _, two in pairs]
    differing = [one.name for one, two in pairs if one.read_bytes() != two.read_bytes()]
    post(stage, gift(stage, "today's", 5))
    sign(stage)
    other = take(stage, tmp_path / "other", *days)
    moved = {"entries.csv", "leaves.tsv", "books.sqlite", "hledger-GBP.journal"}
    moved |= {"beancount-GBP.beancount", "trial-balance.csv"}
    same = [
        name for name in moved
        if (first.pack.folder / name).read_bytes() == (other.pack.folder / name).read_bytes()
    ] + [
        name for name in ("ledger", "journal-risks")
        if first.extracts[name].read_bytes() == other.extracts[name].read_bytes()
    ]  # fmt: skip
    print(f"COUNT b15_files={len(pairs)} differing={len(differing)} control_same={len(same)}")
    assert differing == []
    assert same == [], "a journal more is seen"


def nudged(words: str, at: re.Match[str]) -> str:
    """The text with one penny more at one place."""
    return words[: at.start()] + str(Decimal(at[0]) + Decimal("0.01")) + words[at.end() :]


def test_one_edited_penny_makes_each_checker_fail(
    stage: Stage, tmp_path: Path, engine_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = lru_cache(maxsize=None)(verify_books.ed25519_holds)
    monkeypatch.setattr(verify_books, "ed25519_holds", held)  # the same question once: it is slow
    sign(stage)
    taken = take(stage, tmp_path)
    chance = random.Random(f"15 {engine_name}")
    tried: Counter[str] = Counter()
    passed = []
    for path, check in texts_of(taken.pack.folder):
        true = path.read_text()
        places = list(PENNIES.finditer(true)) if "GBP" in path.name else []
        for place in chance.sample(places, min(BENT, len(places))):
            path.write_text(nudged(true, place))
            tried[check.__name__] += 1
            tried["verifier"] += 1
            passed += [(path.name, place.start())] if check(path) == 0 else []
            passed += [("verifier", place.start())] if prove(taken.pack.folder) == [] else []
        path.write_text(true)
    print(
        f"COUNT b15_pennies_hledger={tried['hledger']} beancount={tried['bean_check']}"
        f" verifier={tried['verifier']} passed={len(passed)}"
    )
    assert tried["hledger"] == tried["bean_check"] == BENT
    assert passed == []
    assert [path.name for path, check in texts_of(taken.pack.folder) if check(path) != 0] == []
    assert prove(taken.pack.folder) == []


@needs_contracts
def test_a_penny_in_a_spreadsheet_or_a_grant_shows_in_its_total(
    stage: Stage, tmp_path: Path
) -> None:
    """The standard's schema looks at the form of a sum: what finds the penny is the total."""
    sign(stage)
    taken = take(stage, tmp_path)
    wanted, _ = trial_balance(stage)
    giving = taken.extracts["360giving"]
    giving.write_text(
        giving.read_text().replace('"amountAwarded": 10.05', '"amountAwarded": 10.06')
    )
    assert giving_validator().is_valid(json.loads(giving.read_text()))
    assert awarded(taken)[0] != awarded(taken)[1]
    book = taken.extracts["ledger"]
    with zipfile.ZipFile(book) as parts:
        held = {name: parts.read(name) for name in parts.namelist()}
    bent = held["xl/worksheets/sheet1.xml"].replace(b"<v>1005</v>", b"<v>1006</v>", 1)
    assert bent != held["xl/worksheets/sheet1.xml"]
    with zipfile.ZipFile(book, "w") as parts:
        for name, raw in (held | {"xl/worksheets/sheet1.xml": bent}).items():
            parts.writestr(name, raw)
    differing = [read.__name__ for read in READINGS if read(taken) != wanted]
    print(f"COUNT b15_pennies_in_sheets=2 found={1 + len(differing)}")
    assert differing == ["by_cells"]


def test_a_consistent_rewrite_passes_every_tool_but_not_an_older_checkpoint(
    stage: Stage, tmp_path: Path
) -> None:
    """The control is within: the tools, and the verifier without what somebody kept, accept it.

    The service itself will not sign over the file that it published, so that goes too.
    """
    old = sign(stage)
    true = take(stage, tmp_path / "true")
    assert prove(true.pack.folder, old=old) == []
    rewrite(stage, "gift-0")
    with pytest.raises(HistoryChanged):
        sign(stage)
    with transaction(read_only=True) as session:
        publishing.path_of(old, publishing.history(session, stage.place.book)).unlink()
    sign(stage)
    forged = take(stage, tmp_path / "forged")
    before, after = by_entries(true), by_entries(forged)
    assert (after[BANK] - before[BANK], after[GIFTS] - before[GIFTS]) == (1, -1)
    accepted = [path.name for path, check in texts_of(forged.pack.folder) if check(path) == 0]
    alone, kept_one = prove(forged.pack.folder), prove(forged.pack.folder, old=old)
    print(
        f"COUNT b15_rewrites=1 tools_accept={len(accepted)} verifier_alone_faults={len(alone)}"
        f" with_old_checkpoint_faults={len(kept_one)}"
    )
    assert len(accepted) == len(texts_of(forged.pack.folder))
    assert alone == []
    assert [read.__name__ for read in READINGS if read(forged) != after] == []
    assert any("older checkpoint" in fault for fault in kept_one), kept_one


def running(path: Path) -> list[str]:
    """The cells of a sheet that a spreadsheet might run; numbers below zero are none."""
    with path.open(newline="", encoding="utf-8") as file:
        cells = [cell for row in csv.reader(file) for cell in row]
    return [
        cell for cell in cells
        if cell.startswith(STARTS) and not re.fullmatch(r"-\d+(\.\d+)?", cell)
    ]  # fmt: skip


def test_no_text_runs_in_a_sheet_or_a_spreadsheet(
    stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign(stage)
    taken = take(stage, tmp_path / "guarded")
    tables = [path for path in taken.files if path.suffix == ".csv"]
    cells = [one for path in tables for one in running(path)]
    formulas = workbooks.formulas(taken.extracts["ledger"])
    said = [row["reason"].said for row in workbooks.sheets(taken.extracts["ledger"])["Entries"]
            if "reason" in row]  # fmt: skip
    monkeypatch.setattr(sheets, "guard", lambda cell: cell)
    monkeypatch.setattr(sheets, "FORMULA_STARTS", ("no such start",))
    control = running(take(stage, tmp_path / "open").extracts["journal-risks"])
    print(
        f"COUNT b15_kept_by_the_books={len(kept())} sheets={len(tables)}"
        f" running_cells={len(cells)} formulas={formulas} control_running={len(control)}"
    )
    assert (cells, formulas) == ([], 0)
    assert {start + RUNS for start in kept()} <= set(said), "the texts themselves stay as they are"
    assert len(control) == len(kept())
    for start in set(STARTS) - set(kept()):
        with pytest.raises(JournalRefused, match="unprintable"):
            post(stage, gift(stage, "hidden", 5, reason=start + RUNS))


def test_nine_starts_are_inert_even_where_the_books_would_keep_them(tmp_path: Path) -> None:
    table, book = tmp_path / "odd.csv", tmp_path / "odd.xlsx"
    with table.open("wb") as out:
        sheets.write_rows(out, ["said"], [(start + RUNS,) for start in STARTS])
    with book.open("wb") as out:
        made = workbook.Sheets(out, str(tmp_path))
        made.add("Odd", ["said"], iter([(start + RUNS,) for start in STARTS]))
        made.close()
    cells = [row["said"] for row in workbooks.sheets(book)["Odd"]]
    formulas, cells_running = workbooks.formulas(book), running(table)
    print(f"COUNT b15_starts={len(STARTS)} formulas={formulas} running_cells={len(cells_running)}")
    assert (formulas, cells_running) == (0, [])
    assert [(cell.kind, cell.said) for cell in cells] == [
        ("inlineStr", start + RUNS) for start in STARTS
    ]
    with xlsxwriter.Workbook(tmp_path / "bad.xlsx") as bad:
        bad.add_worksheet().write(0, 0, "=" + RUNS)
    assert workbooks.formulas(tmp_path / "bad.xlsx") == 1, "the reading sees a formula"


LINKS = {
    ("account", "unit", "unit", "code"), ("account", "fund", "fund", "id"),
    ("entry", "seq", "journal", "seq"), ("entry", "account", "account", "id"),
    ("trial_balance", "account", "account", "id"),
}  # fmt: skip


def test_datasette_finds_the_links_of_a_pack(stage: Stage, tmp_path: Path) -> None:
    """It asks SQLite for foreign keys, as sqlite-utils does, and makes each a link to the row."""
    sign(stage)
    today = london_day(stage.now)
    for name, days in {"whole": (), "range": (today - timedelta(days=9), today)}.items():
        folder = take(stage, tmp_path / name, *days).pack.folder
        store = sqlite_utils.Database(folder / "books.sqlite")
        found = {
            (table.name, key.column, key.other_table, key.other_column)
            for table in store.tables
            for key in table.foreign_keys
        }
        asked = {
            (table, row[3], row[2], row[4])
            for table in store.table_names()
            for row in store.execute(f"PRAGMA foreign_key_list([{table}])")
        }
        dangling = store.execute("PRAGMA foreign_key_check").fetchall()
        views = store.view_names()
        store.close()
        print(f"COUNT b15_links_{name}={len(found)} dangling={len(dangling)}")
        assert found == asked == LINKS
        assert dangling == []
        assert set(views) == {"lines", "trial_balance_by_fund"}


def test_a_link_that_leads_nowhere_would_be_seen(stage: Stage, tmp_path: Path) -> None:
    sign(stage)
    path = take(stage, tmp_path).pack.folder / "books.sqlite"
    store = sqlite3.connect(path)
    store.execute("UPDATE entry SET account = 999999 WHERE rowid = 1")
    dangling = store.execute("PRAGMA foreign_key_check").fetchall()
    store.close()
    print(f"COUNT b15_control_dangling={len(dangling)}")
    assert len(dangling) == 1
