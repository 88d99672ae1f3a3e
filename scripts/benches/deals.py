"""A county of agreements made quickly: true readings and reserved money, signed behind the rules.

People, organisations, the measure and its readings come in by the services, and so does the money.
Accounts and the agreements themselves are written by the driver, in the state that years of
drafting, odds and signatures would have left them: only measurements do this.
"""

from __future__ import annotations

import io
import json
import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from ledger.books import service as books
from ledger.books.rules import AccountSpec, JournalSpec, credit, debit
from ledger.dividends.rules import postings
from ledger.dividends.rules.terms import Agency, Payee, Terms, digest
from ledger.kernel.db import transact
from ledger.outcomes import service as outcomes
from ledger.outcomes.rules.files import parse
from ledger.outcomes.rules.windows import plus_months
from ledger.parties import service as parties
from ledger.parties.rules import Actor
from scripts.benches.measure import progress
from scripts.benches.stage import Stage, now

BASELINE_MONTHS, TESTED_MONTHS, COMPARED = 24, 12, 5
MONTHS = BASELINE_MONTHS + TESTED_MONTHS
FIRST, SELECTED = date(2021, 1, 1), date(2023, 1, 15)
MEASURE = "fires.all.all"
ANALYST = Actor("command-line", frozenset({"analyst"}), None)
_CHUNK = 500


@dataclass(frozen=True, slots=True)
class County:
    """Who takes part, and the counts of every area by month."""

    council: str
    agencies: tuple[str, str]
    groups: list[str]
    counts: list[list[int]]
    others: int

    @property
    def deals(self) -> int:
        """How many areas have an agreement; the rest are compared with."""
        return len(self.counts) - self.others

    def area(self, number: int) -> str:
        """An area's code; those that are compared with come first."""
        return f"ward-{number:06d}"

    def terms(self, number: int) -> Terms:
        """The agreement of one area: half of the saving to three groups, from three agencies."""
        fire, police = self.agencies
        payees = [self.groups[(number + step) % len(self.groups)] for step in range(3)]
        compared = sorted({(number * 7 + step * 13) % self.others for step in range(COMPARED)})
        return Terms(
            title=f"Fewer fires in ward {number}", measure_version=f"{MEASURE}@1",
            area=self.area(self.others + number), accountable_body=self.council,
            payees=tuple(Payee(one, weight) for one, weight in zip(payees, (60, 25, 15),
                                                                   strict=True)),
            agencies=(
                Agency(fire, 190_000, 4_000, 1_000, 720_000, 2025),
                Agency(police, 60_000, 3_000, 1_000, 180_000, 2025),
                Agency(self.council, 35_000, 9_000, 1_000, 300_000, 2025),
            ),
            comparators=tuple(self.area(one) for one in compared), baseline_from=FIRST,
            baseline_months=BASELINE_MONTHS,
            first_period_from=plus_months(FIRST, BASELINE_MONTHS), periods=1,
            selected_on=SELECTED, threshold_bp=1_000, expected_fall_bp=4_000,
            cap_pence=1_200_000, evidence="the fire service's own incident records",
            service_effect="No crew or station changes.",
        )  # fmt: skip


def agreements(stage: Stage, count: int) -> County:
    """Agreements that are all due, every one with its own area and five shared comparators."""
    others = max(20, count // 20)
    progress(f"making {count:,} agreements on {(count + others) * MONTHS:,} readings")
    county = transact(lambda session: _people(session, _counts(count, others), others))
    transact(lambda session: _readings(session, county))
    wire = stage.driver()
    series = dict(wire.execute("SELECT area, id FROM reading_series").fetchall())
    _deals(stage, wire, county, series)
    _money(stage, wire, county)
    wire.execute("ANALYZE")
    wire.close()
    return county


def _counts(count: int, others: int) -> list[list[int]]:
    """Monthly counts by chance; in every other agreement's area the last year truly fell."""
    chance = random.Random(20_240_401)  # noqa: S311 - the same figures in every run
    made = []
    for number in range(others + count):
        mean = 10.0 if number < others else chance.uniform(2, 8)
        fell = 0.6 if number >= others and number % 2 else 1.0
        made.append(
            [
                _poisson(chance, mean * (fell if month >= BASELINE_MONTHS else 1.0))
                for month in range(MONTHS)
            ]
        )
    return made


def _poisson(chance: random.Random, mean: float) -> int:
    """One count, by Knuth's product of uniform chances."""
    events, left = 0, chance.random()
    while left > math.exp(-mean):
        events += 1
        left *= chance.random()
    return events


def _people(session: Session, counts: list[list[int]], others: int) -> County:
    def organisation(name: str, kind: str) -> str:
        return parties.add_organisation(session, name=name, kind=kind, now=now())

    def person(name: str, role: str, at: str) -> None:
        parties.add_person(
            session, name=name, email=f"{name}@example.test", roles=(role,), organisation=at,
            now=now(),
        )  # fmt: skip

    council = organisation("Testshire Council", "council")
    for number in range(3):
        person(f"officer{number}", "officer", council)
    groups = [organisation(f"Friends of ward {number}", "group") for number in range(60)]
    for number, group in enumerate(groups):
        person(f"organiser{number}", "organiser", group)
    agencies = (organisation("Testshire Fire", "agency"), organisation("Police", "agency"))
    return County(council, agencies, groups, counts, others)


def _readings(session: Session, county: County) -> None:
    """One wide file, as a supplier sends it, taken in and marked final."""
    file = io.StringIO()
    months = [plus_months(FIRST, step) for step in range(MONTHS)]
    names = ",".join(f"{month:%Y%m}" for month in months)
    file.write(f"MajorText,MinorText,LookUp_BoroughName,{names}\n")
    for number, values in enumerate(county.counts):
        file.write(f"All,All,{county.area(number)},{','.join(map(str, values))}\n")
    content = file.getvalue().encode()
    outcomes.import_readings(
        session, measure="fires", parsed=parse(content, today=now().date()), content=content,
        filename="fires.csv", actor=ANALYST, now=now(),
    )  # fmt: skip
    outcomes.mark_final(session, measure=MEASURE, through_on=months[-1], actor=ANALYST, now=now())


def fill(stage: Stage, wire: Any, table: str, columns: str, rows: Iterator[Sequence[Any]]) -> None:
    """Rows into a table by the driver's own fast path, in the caller's transaction."""
    if stage.engine == "sqlite":
        marks = ", ".join("?" * len(columns.split(",")))
        wire.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", rows)
        return
    with wire.cursor().copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def _deals(stage: Stage, wire: Any, county: County, series: dict[str, int]) -> None:
    terms = {f"AGR-{number:08d}": county.terms(number) for number in range(county.deals)}
    with_begin = "BEGIN IMMEDIATE" if stage.engine == "sqlite" else "BEGIN"
    restore = _signed_behind_the_rules(stage, wire)
    wire.execute(with_begin)
    tables = (
        ("agreement", "id, book, title, measure_version, area, accountable_body, terms, digest,"
         " state, odds, legal_power, drafted_at, drafted_by",
         ((key, stage.book, one.title, one.measure_version, one.area, one.accountable_body,
           json.dumps(one.facts(), sort_keys=True, separators=(",", ":")), digest(one), "ACTIVE",
           "{}", "Localism Act 2011, section 1", "2023-01-02 09:00:00.000000", "PER-7K2M9QXA")
          for key, one in terms.items())),
        ("agreement_period", "agreement, number, from_on, to_on, freeze_on, owner,"
         " baseline_months, threshold_bp",
         ((key, 1, one.period(1).starts_on.isoformat(), one.period(1).ends_on.isoformat(),
           one.freeze_on(1).isoformat(), f"{key}:1", one.baseline_months, one.threshold_bp)
          for key, one in terms.items())),
        ("measure_window", "owner, slot, series, from_on, to_on, expected",
         (row for key, one in terms.items() for row in _windows(f"{key}:1", one, series))),
    )  # fmt: skip
    for table, columns, rows in tables:
        fill(stage, wire, table, columns, rows)
    wire.execute("COMMIT")
    restore()


def _windows(owner: str, terms: Terms, series: dict[str, int]) -> Iterator[tuple[Any, ...]]:
    for before, after, areas in (("before", "after", [terms.area]),
                                 ("other_before", "other_after", terms.comparators)):  # fmt: skip
        for slot, window in ((before, terms.baseline), (after, terms.period(1))):
            for area in areas:
                yield (owner, slot, series[area], window.starts_on.isoformat(),
                       window.last_month.isoformat(), window.months)  # fmt: skip


def _signed_behind_the_rules(stage: Stage, wire: Any) -> Any:
    """Set aside the guard that lets agreements begin as drafts only; returns what restores it."""
    if stage.engine == "postgresql":
        wire.execute("ALTER TABLE agreement DISABLE TRIGGER agreement_begins")
        return lambda: wire.execute("ALTER TABLE agreement ENABLE TRIGGER agreement_begins")
    (made,) = wire.execute(
        "SELECT sql FROM sqlite_master WHERE type = 'trigger' AND name = 'agreement_begins'"
    ).fetchone()
    wire.execute("DROP TRIGGER agreement_begins")
    return lambda: wire.execute(made)


def _money(stage: Stage, wire: Any, county: County) -> None:
    """What each agency put in is reserved, posted by the service; accounts are the driver's."""
    agencies = (*county.agencies, county.council)

    def open_free(session: Session) -> None:
        books.open_fund(session, book=stage.book, code=postings.FUND, fund_class="designated",
                        name="Community dividends")  # fmt: skip
        specs = [AccountSpec(postings.BANK, fund=postings.FUND, guard="D")]
        specs += [AccountSpec(postings.free(one), fund=postings.FUND, guard="C")
                  for one in agencies]  # fmt: skip
        books.open_accounts(session, book=stage.book, specs=specs)

    transact(open_free)
    fund = wire.execute(f"SELECT id FROM fund WHERE code = '{postings.FUND}'").fetchone()[0]
    wire.execute("BEGIN")
    fill(stage, wire, "account", "book, path, type, unit, fund, owner",
         ((stage.book, postings.reserved(f"AGR-{number:08d}", one), "L", "GBP", fund, one)
          for number in range(county.deals) for one in agencies))  # fmt: skip
    wire.execute(
        "INSERT INTO balance (account, dr, cr, held_dr, held_cr, version, guard)"
        " SELECT id, 0, 0, 0, 0, 0, 'C' FROM account"
        " WHERE id NOT IN (SELECT account FROM balance)"
    )
    wire.execute("COMMIT")
    specs = [_received(county.terms(0), county.deals)]
    specs += [
        postings.reserve(f"AGR-{number:08d}", county.terms(number), on=SELECTED, maker="PER-1")
        for number in range(county.deals)
    ]
    for start in range(0, len(specs), _CHUNK):
        part = specs[start : start + _CHUNK]
        transact(
            lambda session, part=part: books.post_many(  # type: ignore[misc]
                session, book=stage.book, specs=part, now=now()
            )
        )


def _received(terms: Terms, deals: int) -> JournalSpec:
    """All that the agencies will ever reserve, in the bank on one day."""
    pence = [(agency.organisation, agency.commitment_pence * deals) for agency in terms.agencies]
    return JournalSpec(
        id="county:receive", kind="dividend.receipt", effective_on=SELECTED,
        legs=(
            debit(postings.BANK, sum(one for _, one in pence)),
            *(credit(postings.free(agency), one) for agency, one in pence),
        ),
        maker="PER-1", group="county", reason="contributions received",
    )  # fmt: skip
