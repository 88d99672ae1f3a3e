"""What is published of payments and awards: the right sums, organisations named, people never."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session

from ledger.books import queries
from ledger.books import service as books
from ledger.books.rules import AccountSpec, JournalSpec, credit, debit
from ledger.dividends import service as dividends
from ledger.kernel.clock import FixedClock, london_day
from ledger.kernel.db import transact, transaction
from ledger.pledges import service as pledges
from tests import cast, dividing
from tests.cast import Place
from tests.checkers import giving_validator, needs_contracts
from tests.domain.test_exports_extracts import rows, write
from tests.pledging import Stage

CLIENT = "Assets:Bank:Client"


@pytest.fixture
def stage(place: Place, clock: FixedClock) -> Stage:
    return Stage(place, clock)


def paid_release(stage: Stage, pledge: str, pence: int) -> str:
    release = stage.release(pledge, pence)
    transact(
        lambda s: pledges.pay_release(
            s, release=release, reference=f"RUN {release}", actor=stage.place.actor("officer"),
            now=stage.now,
        )
    )  # fmt: skip
    return release


def raw(stage: Stage, id: str, kind: str, *legs: Any, owner: str = "") -> int:
    """A journal of today, with the accounts that it needs."""
    accounts = [AccountSpec(leg.path, owner=owner) for leg in legs if leg.path != CLIENT]
    spec = JournalSpec(
        id=id, kind=kind, effective_on=london_day(stage.now), legs=legs, maker="PER-A",
        checker="PER-B",
    )  # fmt: skip

    def unit(session: Session) -> int:
        books.open_accounts(session, book=stage.place.book, specs=accounts)
        books.post(session, book=stage.place.book, spec=spec, now=stage.now)
        return queries.posted(session, stage.place.book, [id])[id][0]

    return transact(unit)


def reverse(stage: Stage, id: str) -> None:
    def unit(session: Session) -> None:
        seq = queries.posted(session, stage.place.book, [id])[id][0]
        books.reverse(
            session, book=stage.place.book, seq=seq, id=f"{id}:undo", now=stage.now,
            effective_on=london_day(stage.now), maker="PER-A", checker="PER-B", reason="twice",
        )  # fmt: skip

    transact(unit)


def table(stage: Stage, kind: str, folder: Path, *days: date) -> list[dict[str, str]]:
    return rows(write(stage.place.book, kind, folder, *days, code="MAIN"))


def test_payments_over_500_pounds_name_the_group_and_never_a_person(
    stage: Stage, tmp_path: Path
) -> None:
    pledge = stage.delivering(people=3, each=30_000)
    large = paid_release(stage, pledge, 50_001)
    paid_release(stage, pledge, 30_000)
    person = stage.place.people["resident"]
    raw(stage, "grant", "receipt", debit(CLIENT, 300_000), credit("Income:Gifts", 300_000))
    raw(stage, "refund", "pledge.refund.pay", debit("Liabilities:Refund:CMT-1", 60_000),
        credit(CLIENT, 60_000), owner=person)  # fmt: skip
    raw(stage, "paper", "adjustment", debit("Expenses:Paper", 70_000), credit(CLIENT, 70_000))
    raw(stage, "moved", "adjustment", debit("Assets:Bank:Other", 90_000), credit(CLIENT, 90_000))
    raw(stage, "gift", "receipt", debit(CLIENT, 80_000), credit("Income:Gifts", 80_000))
    reverse(stage, f"{large}:pay")
    reverse(stage, "gift")
    path = write(stage.place.book, "spending", tmp_path, code="MAIN")
    found = rows(path)
    sentence = "We will plant forty trees along the canal"
    group, general = cast.ORGANISATIONS["group"], found[0]["department"]
    assert [(one["transaction"], one["beneficiary"], one["purpose"], one["amount"],
             one["irrecoverable_vat"]) for one in found] == [
        (f"{large}:pay", group, sentence, "500.01", "0.00"),
        ("refund", "REDACTED PERSONAL DATA", "Refund of what was paid for a pledge", "600.00", "0.00"),
        ("paper", "NOT RECORDED IN THE BOOKS", "adjustment", "700.00", ""),
        (f"{large}:pay:undo", group, sentence, "-500.01", "0.00"),
    ]  # fmt: skip
    assert {one["date"] for one in found} == {london_day(stage.now).isoformat()}
    assert general
    published = path.read_text()
    assert person not in published
    assert [name for name in cast.NAMES.values() if name in published] == []


def test_grants_are_what_groups_were_awarded_and_a_reversed_one_is_gone(
    stage: Stage, tmp_path: Path
) -> None:
    pledge = stage.delivering(people=3, each=30_000)
    first, second = stage.release(pledge, 20_000), stage.release(pledge, 1_005)
    found = table(stage, "grants", tmp_path)
    assert [(one["transaction"], one["amount"]) for one in found] == [
        (f"{first}:release", "200.00"), (f"{second}:release", "10.05"),
    ]  # fmt: skip
    assert {(one["beneficiary"], one["time_period"]) for one in found} == {
        (cast.ORGANISATIONS["group"], "")
    }
    with transaction(read_only=True) as session:
        known = queries.head(session, stage.place.book).next_seq - 1
    reverse(stage, f"{second}:release")
    assert [one["amount"] for one in table(stage, "grants", tmp_path)] == ["200.00"]
    then = write(stage.place.book, "grants", tmp_path, size=known, code="MAIN")
    assert [one["amount"] for one in rows(then)] == ["200.00", "10.05"]
    assert table(stage, "grants", tmp_path, date(2025, 1, 1), date(2025, 12, 31)) == []


def awarded(place: Place) -> dividing.Deal:
    deal = dividing.running(place)
    determination = dividing.proposed(deal)
    dividing.decided(deal, determination)
    transact(
        lambda s: dividends.release(
            s, determination=determination, actor=dividing.JOB, now=dividing.NOW
        )
    )
    return deal


def test_an_award_is_a_grant_to_each_payee_for_its_year(stage: Stage, tmp_path: Path) -> None:
    awarded(stage.place)
    found = table(stage, "grants", tmp_path)
    assert [(one["beneficiary"], one["amount"]) for one in found] == [
        (cast.ORGANISATIONS["group"], "4771.01"), ("Weir Bank Friends", "1987.92"),
        ("Mill Lane Hall", "1192.75"),
    ]  # fmt: skip
    assert {(one["time_period"], one["purpose"]) for one in found} == {
        ("Year 1 of the agreement", "Fewer fires at Canal Side")
    }


@needs_contracts
def test_awards_are_valid_360giving_to_the_penny(stage: Stage, tmp_path: Path) -> None:
    awarded(stage.place)
    pledge = stage.delivering(people=3, each=30_000)
    release = stage.release(pledge, 1_005)
    written = write(stage.place.book, "360giving", tmp_path, code="MAIN").read_text()
    assert '"amountAwarded": 10.05}' in written
    package = json.loads(written, parse_float=Decimal)
    grants = package["grants"]
    assert [grant["amountAwarded"] for grant in grants] == [
        Decimal("4771.01"), Decimal("1987.92"), Decimal("1192.75"), Decimal("10.05"),
    ]  # fmt: skip
    group = stage.place.group
    assert grants[-1]["id"] == f"MAIN-{release}-release-{group}"
    assert grants[-1]["recipientOrganization"][0]["id"] == f"MAIN-{group}"
    assert len({grant["id"] for grant in grants}) == len(grants)
    validator = giving_validator()
    plain = json.loads(written)
    assert [str(fault) for fault in validator.iter_errors(plain)] == []
    plain["grants"][0]["amountAwarded"] = "4771.01"
    assert not validator.is_valid(plain), "the schema looks at sums"


def test_a_publishers_own_prefix_begins_every_id(
    stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from flask import current_app

    settings = current_app.extensions["ledger.settings"]
    current_app.extensions["ledger.settings"] = settings.__class__(
        **{name: getattr(settings, name) for name in settings.__slots__}
        | {"giving_prefix": "360G-testwick"}
    )
    try:
        stage.release(stage.delivering(people=3, each=30_000), 700)
        found = json.loads(write(stage.place.book, "360giving", tmp_path).read_text())
    finally:
        current_app.extensions["ledger.settings"] = settings
    assert found["grants"][0]["id"].startswith("360G-testwick-REL-")
