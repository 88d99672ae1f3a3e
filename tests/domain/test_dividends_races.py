"""Two at once: one saving claimed twice, one period proposed twice, one award released twice."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from flask import Flask
from sqlalchemy import text
from sqlalchemy.orm import Session

from ledger.books import queries as books
from ledger.dividends import queries
from ledger.dividends import service as dividends
from ledger.dividends.rules.refusals import ClaimedAlready
from ledger.kernel.db import transact, transaction
from ledger.kernel.errors import LedgerError, RefusedByDatabase
from tests import dividing
from tests.cast import Place
from tests.dividing import JOB, NOW

Result = TypeVar("Result")


def at_once(app: Flask, acts: list[Callable[[], Result]]) -> list[Result | LedgerError]:
    """Do everything at the same time; a refusal is an answer."""

    def one(act: Callable[[], Result]) -> Result | LedgerError:
        with app.app_context():
            try:
                return act()
            except LedgerError as refusal:
                return refusal

    with ThreadPoolExecutor(max_workers=len(acts)) as pool:
        return list(pool.map(one, acts))


def test_two_last_signatures_at_once_claim_one_saving_once(app: Flask, place: Place) -> None:
    # D5: sixty per cent each; whichever comes second is refused, by rule or by the database.
    deal = dividing.stage(place)
    both = [dividing.drafted(deal, claim_bp=6_000) for _ in range(2)]
    answers = at_once(
        app, [lambda one=one: transact(lambda s: dividing.sign_all(s, deal, one)) for one in both]
    )
    assert answers.count("SIGNED") == 1
    (refused,) = [answer for answer in answers if isinstance(answer, LedgerError)]
    assert isinstance(refused, ClaimedAlready | RefusedByDatabase)
    with transaction(read_only=True) as session:
        claimed = session.execute(text("SELECT MAX(claimed_bp) FROM saving_cell")).scalar()
    assert claimed == 6_000


def test_two_nights_at_once_propose_and_release_once(app: Flask, place: Place) -> None:
    # D7, D12.
    deal = dividing.running(place)

    def propose() -> list[str | None]:
        def unit(session: Session) -> list[str | None]:
            due = dividends.evaluate_due(session, now=NOW)
            return [dividends.propose(session, evaluation=one, now=NOW) for one in due]

        return transact(unit)

    answers = at_once(app, [propose] * 4)
    made = [one for answer in answers if isinstance(answer, list) for one in answer if one]
    assert len(made) == 1
    dividing.decided(deal, made[0])

    def release() -> bool:
        return transact(lambda s: dividends.release(s, determination=made[0], actor=JOB, now=NOW))

    assert at_once(app, [release] * 4).count(True) == 1
    with transaction(read_only=True) as session:
        kinds = [row.kind for row in books.journals(session, place.book, group=deal.agreement)]
        assert queries.determination(session, made[0]).state == "RELEASED"
    assert kinds.count("dividend.award") == 1
