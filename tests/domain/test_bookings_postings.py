"""What a booking does to the books: the chapter's table, event by event (K8-K12)."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.orm import Session

from ledger.bookings import queries, rules, service
from ledger.books import queries as books
from ledger.books import service as books_service
from ledger.drafts import queries as draft_queries
from ledger.drafts import service as drafts
from ledger.kernel.clock import LONDON, FixedClock
from ledger.kernel.db import transact, transaction
from ledger.kernel.errors import Conflict, Forbidden, Invalid, RefusedByDatabase
from tests.cast import Place
from tests.hall import Hall, open_hall

AFTER = datetime(2026, 3, 10, 21, 5, tzinfo=LONDON)
MARCH = date(2026, 3, 1)


def balances(place: Place) -> dict[str, int]:
    with transaction(read_only=True) as s:
        assert books_service.self_check(s, book=place.book) == []
        return {row.path: row.net for row in books.trial_balance(s, place.book) if row.net}


def confirmed(place: Place, clock: FixedClock, **terms: int) -> tuple[Hall, str, str]:
    hall = open_hall(place, now=clock.now(), **terms)
    booking = hall.book(now=clock.now())
    hall.confirm(booking, now=clock.now())
    with transaction(read_only=True) as s:
        return hall, booking, queries.occurrences(s, booking)[0].id


def settle(
    place: Place, occurrence: str, *, used: bool, by: str = "broker", now: datetime = AFTER
) -> None:
    act = service.confirm_use if used else service.mark_no_show
    transact(lambda s: act(s, occurrence=occurrence, actor=place.actor(by), now=now))


def test_confirming_makes_a_debt_and_no_income(app: Flask, place: Place, clock: FixedClock) -> None:
    _, _, occurrence = confirmed(place, clock)
    assert balances(place) == {
        f"Assets:Receivable:{place.group}": 1000,
        f"Liabilities:DeferredHire:{occurrence}": -1000,
    }


def test_use_posts_income_subsidy_and_community_minutes_list_equals_income_and_forgone(
    app: Flask, place: Place, clock: FixedClock
) -> None:
    hall, booking, occurrence = confirmed(place, clock)
    settle(place, occurrence, used=True)
    found, endowed = balances(place), 31 * 14 * 60 * 2
    assert found == {
        f"Assets:Receivable:{place.group}": 1000,
        f"Income:Hire:{hall.asset}": -1000,
        f"Income:HireForgone:{hall.asset}": -3000,
        f"Expenses:SubsidyGiven:COMMUNITY-2026:{place.group}": 3000,
        f"Expenses:Minutes:CommunityUse:{place.group}:{hall.asset}": 120,
        f"Assets:Minutes:Available:{hall.asset}": endowed - 120,
        f"Equity:Minutes:PublicEndowment:{hall.asset}": -endowed,
    }
    with transaction(read_only=True) as s:
        assert queries.booking(s, booking).state == "closed"


def test_using_the_whole_hall_uses_the_minutes_of_both_rooms(
    app: Flask, place: Place, clock: FixedClock
) -> None:
    hall = open_hall(place, now=clock.now())
    booking = hall.book(hall.hall, now=clock.now())
    hall.confirm(booking, now=clock.now())
    with transaction(read_only=True) as s:
        occurrence = queries.occurrences(s, booking)[0].id
    settle(place, occurrence, used=True)
    assert balances(place)[f"Expenses:Minutes:CommunityUse:{place.group}:{hall.asset}"] == 240


def test_a_no_show_wastes_the_subsidy_and_is_never_community_use(
    app: Flask, place: Place, clock: FixedClock
) -> None:
    hall, _, occurrence = confirmed(place, clock)
    settle(place, occurrence, used=False)
    found = balances(place)
    assert found[f"Expenses:SubsidyWasted:COMMUNITY-2026:{place.group}"] == 3000
    assert found[f"Income:NoShow:{hall.asset}"] == -1000
    assert found[f"Expenses:Minutes:NoShow:{hall.asset}"] == 120
    assert not any("CommunityUse" in path or "SubsidyGiven" in path for path in found)


def test_cancelling_in_time_leaves_nothing_owed(
    app: Flask, place: Place, clock: FixedClock
) -> None:
    _, _, occurrence = confirmed(place, clock, retention_percent=50)
    transact(
        lambda s: service.cancel_occurrence(
            s, occurrence=occurrence, side="hirer", reason="the choir is away",
            actor=place.actor("treasurer"), now=clock.now(),
        )
    )  # fmt: skip
    assert balances(place) == {}


def test_cancelling_late_keeps_the_agreed_share_of_the_price_and_of_the_tax(
    app: Flask, place: Place, clock: FixedClock
) -> None:
    hall, _, occurrence = confirmed(place, clock, retention_percent=25, vat_percent=20)
    clock.move(timedelta(days=7))
    transact(
        lambda s: service.cancel_occurrence(
            s, occurrence=occurrence, side="hirer", reason="the choir is away",
            actor=place.actor("organiser"), now=clock.now(),
        )
    )  # fmt: skip
    assert balances(place) == {
        f"Assets:Receivable:{place.group}": 300,
        f"Income:Cancellation:{hall.asset}": -250,
        "Liabilities:VATOutput": -50,
    }


def test_the_providers_cancellation_gives_everything_back(
    app: Flask, place: Place, clock: FixedClock
) -> None:
    _, _, occurrence = confirmed(place, clock, retention_percent=25, vat_percent=20)
    clock.move(timedelta(days=7))
    transact(
        lambda s: service.cancel_occurrence(
            s, occurrence=occurrence, side="provider", reason="the floor is wet",
            actor=place.actor("broker"), now=clock.now(),
        )
    )  # fmt: skip
    assert balances(place) == {}


def test_a_bank_line_that_was_reversed_is_written_down_again_and_once(
    app: Flask, place: Place, clock: FixedClock
) -> None:
    """J8: a receipt that was typed wrong is reversed by two people, and its line entered anew."""
    _, booking, _ = confirmed(place, clock)

    def paid(pence: int) -> str:
        return transact(
            lambda s: service.receive_payment(
                s, booking=booking, reference="BACS 0001", quantity_pence=pence,
                received_on=date(2026, 3, 2), actor=place.actor("officer"), now=clock.now(),
            )
        )  # fmt: skip

    owed = f"Assets:Receivable:{place.group}"
    before = balances(place)[owed]
    first = paid(100)

    def seq_of(session: Session) -> int:
        return books.posted(session, place.book, [first])[first][0]

    draft = transact(
        lambda s: drafts.propose_reversal(
            s, book=place.book, journal=seq_of(s), dated="original", reason="typed wrong",
            actor=place.actor("s151"), now=clock.now(),
        )
    )  # fmt: skip
    transact(
        lambda s: drafts.decide(
            s, book=place.book, draft=draft, verdict="yes", reason="seen the slip",
            digest=draft_queries.draft(s, place.book, draft).proposal.digest,
            actor=place.actor("head"), now=clock.now(),
        )
    )  # fmt: skip
    assert balances(place)[owed] == before
    second = paid(1_000)
    assert paid(1_000) == second != first
    assert owed not in balances(place), "paid in full"
    with pytest.raises(Conflict, match="another amount"):
        paid(100)


def test_what_was_paid_before_a_cancellation_is_owed_back(
    app: Flask, place: Place, clock: FixedClock
) -> None:
    _, booking, occurrence = confirmed(place, clock)
    for _ in range(2):
        transact(
            lambda s: service.receive_payment(
                s, booking=booking, reference="BACS 0001", quantity_pence=1_200,
                received_on=date(2026, 3, 3), actor=place.actor("officer"), now=clock.now(),
            )
        )  # fmt: skip
    assert balances(place)[f"Liabilities:RefundPayable:{place.group}"] == -200
    with pytest.raises(Conflict, match="another amount"):
        transact(
            lambda s: service.receive_payment(
                s, booking=booking, reference="BACS 0001", quantity_pence=1_201,
                received_on=date(2026, 3, 3), actor=place.actor("officer"), now=clock.now(),
            )
        )  # fmt: skip
    transact(
        lambda s: service.cancel_occurrence(
            s, occurrence=occurrence, side="provider", reason="the floor is wet",
            actor=place.actor("broker"), now=clock.now(),
        )
    )  # fmt: skip
    assert balances(place) == {
        "Assets:Bank:Hire": 1200, f"Liabilities:RefundPayable:{place.group}": -1200,
    }  # fmt: skip


def test_a_closed_month_reconciles_to_zero_and_late_use_comes_out_of_unused(
    app: Flask, place: Place, clock: FixedClock
) -> None:
    hall, _, occurrence = confirmed(place, clock)
    transact(
        lambda s: service.close_building(
            s, asset=hall.asset, starts_at=datetime(2026, 3, 20, 6, tzinfo=LONDON),
            ends_at=datetime(2026, 3, 20, 12, tzinfo=LONDON), reason="painting",
            actor=place.actor("broker"), now=clock.now(),
        )
    )  # fmt: skip
    april = datetime(2026, 4, 1, 3, tzinfo=LONDON)
    with pytest.raises(rules.TooEarly):
        transact(
            lambda s: service.close_month(
                s, asset=hall.asset, month_on=MARCH, maker="job:months", now=clock.now()
            )
        )
    for _ in range(2):
        transact(
            lambda s: service.close_month(
                s, asset=hall.asset, month_on=MARCH, maker="job:months", now=april
            )
        )
    endowed = 31 * 14 * 60 * 2
    first = balances(place)
    assert f"Assets:Minutes:Available:{hall.asset}" not in first
    assert first[f"Expenses:Minutes:Closed:{hall.asset}"] == 4 * 60 * 2
    assert first[f"Expenses:Minutes:Unused:{hall.asset}"] == endowed - 4 * 60 * 2
    settle(place, occurrence, used=True, now=april + timedelta(hours=8))
    minutes = {
        path: net for path, net in balances(place).items() if path.startswith("Expenses:Minutes")
    }
    assert sum(minutes.values()) == endowed
    assert minutes[f"Expenses:Minutes:Unused:{hall.asset}"] == endowed - 4 * 60 * 2 - 120


def test_nobody_answers_their_own_request_or_vouches_for_their_own_use(
    app: Flask, place: Place, clock: FixedClock
) -> None:
    _, _, occurrence = confirmed(place, clock)
    for who in ("organiser", "treasurer"):
        with pytest.raises(rules.OwnDecision):
            settle(place, occurrence, used=True, by=who)
    with pytest.raises(Forbidden):
        settle(place, occurrence, used=True, by="resident")


def test_the_keyholder_may_vouch_but_not_before_it_began(
    app: Flask, place: Place, clock: FixedClock
) -> None:
    hall = open_hall(place, now=clock.now(), keyholder=place.people["resident"])  # type: ignore[arg-type]
    booking = hall.book(now=clock.now())
    hall.confirm(booking, now=clock.now())
    with transaction(read_only=True) as s:
        occurrence = queries.occurrences(s, booking)[0].id
    with pytest.raises(rules.TooEarly):
        settle(place, occurrence, used=True, by="resident", now=clock.now())
    settle(place, occurrence, used=True, by="resident")
    with pytest.raises(rules.MoveRefused):
        settle(place, occurrence, used=False)


def test_declining_needs_a_reason_and_frees_the_time(
    app: Flask, place: Place, clock: FixedClock
) -> None:
    hall = open_hall(place, now=clock.now())
    booking = hall.book(now=clock.now())
    broker = place.actor("broker")
    with pytest.raises(Invalid, match="no reason"):
        transact(
            lambda s: service.decline(s, booking=booking, reason=" ", actor=broker, now=clock.now())
        )
    transact(
        lambda s: service.decline(
            s, booking=booking, reason="The piano is away.", actor=broker, now=clock.now()
        )
    )
    with pytest.raises(rules.MoveRefused):
        hall.confirm(booking, now=clock.now())
    hall.book(now=clock.now(), by="treasurer")


def test_a_date_that_was_asked_for_is_never_priced_again(
    app: Flask, place: Place, clock: FixedClock
) -> None:
    hall, _, _ = confirmed(place, clock)
    transact(
        lambda s: service.set_rate(
            s, space=hall.room_a, user_class="standard", pence_per_hour=9_900,
            from_on=date(2026, 3, 3), actor=place.actor("broker"), now=clock.now(),
        )
    )  # fmt: skip
    with pytest.raises(RefusedByDatabase, match="never priced again"), transaction() as s:
        s.execute(text("UPDATE occurrence SET list_pence = 99900"))


def test_instant_approval_confirms_and_charges_at_once(
    app: Flask, place: Place, clock: FixedClock
) -> None:
    hall = open_hall(place, now=clock.now(), approval="instant")  # type: ignore[arg-type]
    booking = hall.book(now=clock.now())
    with transaction(read_only=True) as s:
        assert queries.booking(s, booking).state == "confirmed"
    assert balances(place)[f"Assets:Receivable:{place.group}"] == 1000
