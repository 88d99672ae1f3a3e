"""Samples of journals: whoever has the journals and the seed draws the same ones (X15 to X18)."""

from __future__ import annotations

import csv
import hashlib
import io
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy.orm import Session

from ledger.books import service as books
from ledger.books.rules import AccountSpec, credit, debit
from ledger.exports import extracts, rules, sampling
from ledger.exports.sampling import Draw, Sample
from ledger.kernel.clock import FixedClock
from ledger.kernel.db import transact, transaction
from ledger.kernel.errors import Invalid
from ledger.kernel.limits import SAMPLE_JOURNALS_MAX
from tests.cast import Place
from tests.raw_books import NOW, TODAY, open_books, spec

BANK, GIFTS = "Assets:Bank", "Income:Gifts"
SEED = "3f9a0c2e"
GIFT_COUNT = 200


@pytest.fixture
def book(app: Flask) -> int:
    """Two hundred gifts of £1.01 to £100, every seventh of them back-dated by a week."""
    book = open_books()

    def unit(session: Session) -> None:
        gifts = [
            spec(
                f"gift-{number}", debit(BANK, pence), credit(GIFTS, pence),
                effective_on=TODAY - timedelta(days=7 if number % 7 == 0 else 0),
            )
            for number in range(GIFT_COUNT)
            for pence in [101 + (number * 7_919) % 9_900]
        ]  # fmt: skip
        books.post_many(session, book=book, specs=gifts, now=NOW)

    transact(unit)
    return book


def draw(book: int, *days: date, size: int | None = None, **facts: Any) -> Sample:
    starts_on, ends_on = days or (None, None)
    with transaction(read_only=True) as session:
        scope = extracts.scope_of(
            session, book=book, code="RAW", starts_on=starts_on, ends_on=ends_on, size=size
        )
        return sampling.sample(session, scope, Draw(**{"seed": SEED, **facts}))


def numbers(found: Sample) -> list[int]:
    return [one.journal.seq for one in found.drawn]


def offline(book: int) -> list[dict[str, str]]:
    """What a resident has: the extract of journals with signs of risk, as rows of text."""
    with transaction(read_only=True) as session:
        scope = extracts.scope_of(session, book=book, code="RAW", starts_on=None, ends_on=None)
        out = io.BytesIO()
        extracts.named("journal-risks").write(session, scope, out)
    return list(csv.DictReader(io.StringIO(out.getvalue().decode())))


def digest(words: str) -> str:
    return hashlib.sha256(words.encode()).hexdigest()


def pence_of(row: dict[str, str]) -> int:
    return int(row["pounds"].replace(".", ""))


def test_x16_a_random_sample_is_drawn_again_offline_from_the_extract(book: int) -> None:
    rows = sorted(offline(book), key=lambda row: digest(f"{SEED}:{row['journal']}"))
    found = draw(book, count=30)
    assert numbers(found) == [int(row["journal"]) for row in rows[:30]]
    assert (found.journals, found.pence) == (len(rows), sum(map(pence_of, rows)))
    print(f"COUNT samples_drawn_again={len(found.drawn)} wrong=0")


def test_x16_the_lines_in_the_rules_draw_the_same_sample(
    book: int, tmp_path: Path, project: Path
) -> None:
    lines = re.search(
        r"run by a test -->\n```python\n(.*?)```",
        (project / "docs/rules.md").read_text(),
        re.DOTALL,
    )
    assert lines is not None
    (tmp_path / "draw.py").write_text(lines[1])
    with transaction(read_only=True) as session:
        scope = extracts.scope_of(session, book=book, code="RAW", starts_on=None, ends_on=None)
        extract = extracts.make(session, extracts.named("journal-risks"), scope, tmp_path)
    said = subprocess.run(
        [sys.executable, "-I", "draw.py", extract.name, SEED, "30"],
        cwd=tmp_path, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert [int(number) for number in said.stdout.split()] == numbers(draw(book, count=30))


def test_x15_a_lot_is_what_the_shell_says_it_is(book: int) -> None:
    one = draw(book, count=1).drawn[0]
    said = subprocess.run(
        ["sha256sum"], input=f"{SEED}:{one.journal.seq}", capture_output=True, text=True, check=True
    )
    assert said.stdout.split()[0] == one.lot
    assert rules.lot("seed", 17) == digest("seed:17")


def test_x17_a_sample_by_money_is_drawn_again_penny_by_penny(book: int) -> None:
    count, line = 40, []
    for row in offline(book):
        line += [int(row["journal"])] * pence_of(row)
    interval = len(line) // count
    start = int(digest(f"{SEED}:start"), 16) % interval
    marked = [line[start + step * interval] for step in range(count)]
    found = draw(book, way="money", count=count)
    assert numbers(found) == sorted(set(marked))
    assert {one.journal.seq: one.marks for one in found.drawn} == {
        number: marked.count(number) for number in set(marked)
    }
    assert (found.start, found.interval) == (start, interval)
    assert sum(one.marks for one in found.drawn) == count


def test_x17_what_is_as_large_as_the_interval_is_always_drawn(book: int) -> None:
    large = spec("large", debit(BANK, 900_000), credit(GIFTS, 900_000))
    number = GIFT_COUNT + 4
    transact(lambda session: books.post(session, book=book, spec=large, now=NOW))
    for seed in map(str, range(20)):
        assert number in numbers(draw(book, seed=seed, way="money", count=3))


def test_x18_the_most_signs_come_first_and_equals_by_lot(book: int) -> None:
    late = datetime(2026, 3, 7, 23, 30, tzinfo=UTC)
    odd = spec("odd", debit(BANK, 100_000), credit(GIFTS, 100_000), effective_on=TODAY)
    transact(lambda session: books.post(session, book=book, spec=odd, now=late))
    rows = [row for row in offline(book) if row["signs"] != "0"]
    rows.sort(key=lambda row: (-int(row["signs"]), digest(f"{SEED}:{row['journal']}")))
    found = draw(book, way="signs", count=SAMPLE_JOURNALS_MAX)
    assert numbers(found) == [int(row["journal"]) for row in rows]
    assert numbers(found)[0] == GIFT_COUNT + 4
    assert found.drawn[0].journal.risks.signs == ["back-dated", "out-of-hours", "weekend", "round"]
    assert numbers(draw(book, way="signs", count=2)) == numbers(found)[:2]


def test_x15_only_journals_with_a_sign_are_drawn_when_one_is_named(book: int) -> None:
    rows = [row for row in offline(book) if int(row["days_back_dated"]) > 0]
    rows.sort(key=lambda row: digest(f"{SEED}:{row['journal']}"))
    found = draw(book, sign="back-dated", count=10)
    assert found.journals == len(rows) == 29
    assert numbers(found) == [int(row["journal"]) for row in rows[:10]]
    assert draw(book, sign="just-under-limit").drawn == []
    assert draw(book, sign="weekend", way="money").drawn == []
    assert draw(book, sign="any").journals == len([r for r in offline(book) if r["signs"] != "0"])


def test_another_seed_draws_others_and_the_negative_control_differs(book: int) -> None:
    first, other = numbers(draw(book, count=30)), numbers(draw(book, count=30, seed="other"))
    assert first != other
    without_colon = sorted(offline(book), key=lambda row: digest(f"{SEED}{row['journal']}"))
    assert first != [int(row["journal"]) for row in without_colon[:30]]
    assert len(set(first) | set(other)) > 30


def test_the_same_sample_is_drawn_after_more_is_posted(book: int) -> None:
    size = GIFT_COUNT + 3
    for way in rules.WAYS:
        before = draw(book, way=way)
        gift = spec(f"late-{way}", debit(BANK, 7_777), credit(GIFTS, 7_777))
        transact(lambda session, gift=gift: books.post(session, book=book, spec=gift, now=NOW))  # type: ignore[misc]
        assert numbers(draw(book, way=way, size=size)) == numbers(before)
        size += 1


def test_only_days_of_the_period_are_drawn_from(book: int) -> None:
    found = draw(book, TODAY - timedelta(days=7), TODAY - timedelta(days=1), count=500)
    assert found.journals == len(found.drawn) == 29
    assert draw(book, date(2020, 1, 1), date(2020, 1, 2)).drawn == []
    assert draw(book, date(2020, 1, 1), date(2020, 1, 2), way="money").drawn == []


def test_every_journal_has_the_same_chance(book: int) -> None:
    """Drawn 400 times by 400 seeds, each of 203 journals comes about as often as the others."""
    times = dict.fromkeys(range(1, GIFT_COUNT + 4), 0)
    for seed in range(400):
        lots = sorted(times, key=lambda number: rules.lot(str(seed), number))
        for number in lots[:50]:
            times[number] += 1
    expected = 400 * 50 / len(times)
    chi = sum((seen - expected) ** 2 / expected for seen in times.values())
    print(f"COUNT sampling_chi_squared={chi:.0f} degrees={len(times) - 1}")
    assert chi < 280, "beyond the 99.98th percentile of chi squared with 202 degrees of freedom"


@pytest.mark.parametrize(
    "facts",
    [
        {"seed": ""}, {"seed": "a b"}, {"seed": "a:1"}, {"seed": "é"}, {"seed": "x" * 65},
        {"seed": "$(id)"}, {"seed": "a\n"}, {"count": 0}, {"count": SAMPLE_JOURNALS_MAX + 1},
        {"way": "luck"}, {"sign": "smelly"},
    ],
)  # fmt: skip
def test_what_nobody_could_draw_again_is_refused(book: int, facts: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        draw(book, **facts)


@pytest.fixture
def run(app: Flask, place: Place, clock: FixedClock) -> Callable[..., Result]:
    def unit(session: Session) -> None:
        books.open_accounts(session, book=place.book, specs=[AccountSpec(BANK), AccountSpec(GIFTS)])
        gifts = [spec(f"g{n}", debit(BANK, n), credit(GIFTS, n)) for n in range(1, 41)]
        books.post_many(session, book=place.book, specs=gifts, now=clock.now())

    transact(unit)
    return lambda *words: app.test_cli_runner().invoke(args=["ledger", "sample", *words])


def test_the_command_prints_the_sample_and_how_it_was_drawn(run: Callable[..., Result]) -> None:
    made = run("--seed", SEED, "--count", "5")
    assert made.exit_code == 0, made.output
    lines = [line.split("\t") for line in made.stdout.splitlines()]
    by_hand = sorted(range(1, 41), key=lambda number: digest(f"{SEED}:{number}"))
    assert [int(line[0]) for line in lines] == by_hand[:5]
    assert lines[0][5] == digest(f"{SEED}:{by_hand[0]}")
    assert "5 of 40 journals up to number 40, £8.20 in all" in made.stderr
    assert "from penny" in run("--seed", SEED, "--by", "money", "--count", "5").stderr
    assert run("--seed", SEED, "--sign", "weekend").stdout == ""
    assert run("--seed", "a b").exit_code == 1
    assert run().exit_code == 2
    assert run("--seed", SEED, "--from", "2026-03-01").exit_code == 1
