"""The outbox on both databases: once for each key, once for each worker, six tries at most."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from flask import Flask

from ledger.kernel.clock import FixedClock
from ledger.kernel.db import transact, transaction
from ledger.kernel.errors import Invalid
from ledger.messages import queries, service
from tests.cast import Place


def enqueue(place: Place, clock: FixedClock, key: str = "PLG-1:reached") -> None:
    facts = {"subject": "Reached", "secret_link": "https://x/1"}
    transact(
        lambda session: service.enqueue(
            session, key=key, recipient=place.people["resident"], template="notice", facts=facts,
            now=clock.now(),
        )
    )  # fmt: skip


def claim(clock: FixedClock) -> queries.Due | None:
    return transact(lambda session: service.claim(session, now=clock.now()))


def fail(key: str, clock: FixedClock) -> None:
    transact(lambda session: service.failed(session, key=key, error="no", now=clock.now()))


def states() -> dict[str, int]:
    with transaction(read_only=True) as session:
        return queries.counts(session)


def test_m1_a_message_is_kept_once_under_its_key(place: Place, clock: FixedClock) -> None:
    enqueue(place, clock)
    enqueue(place, clock)
    assert states() == {"WAITING": 1}


def test_a_message_is_claimed_by_one_worker_and_forgets_its_secret_when_sent(
    place: Place, clock: FixedClock
) -> None:
    enqueue(place, clock)
    due = claim(clock)
    assert due is not None
    assert due.facts["secret_link"] == "https://x/1"
    assert claim(clock) is None
    transact(lambda session: service.sent(session, key=due.key, now=clock.now()))
    with transaction(read_only=True) as session:
        kept = queries.for_person(session, place.people["resident"])
    assert [(one.state, one.facts) for one in kept] == [("SENT", {"subject": "Reached"})]


def test_a_worker_that_dies_leaves_the_message_to_the_next(place: Place, clock: FixedClock) -> None:
    enqueue(place, clock)
    assert claim(clock) is not None
    clock.move(timedelta(minutes=14, seconds=59))
    assert claim(clock) is None
    clock.move(timedelta(seconds=1))
    assert claim(clock) is not None


def test_m3_a_message_is_tried_six_times_and_then_given_up(place: Place, clock: FixedClock) -> None:
    enqueue(place, clock)
    tries = 0
    while due := claim(clock):
        tries += 1
        fail(due.key, clock)
        clock.move(timedelta(days=2))
    assert tries == 6
    assert states() == {"FAILED": 1}


def test_ten_workers_send_twenty_messages_once_each(
    app: Flask, place: Place, clock: FixedClock
) -> None:
    for number in range(20):
        enqueue(place, clock, key=f"PLG-1:{number}")
    got: list[str] = []

    def work() -> None:
        with app.app_context():
            while due := claim(clock):
                got.append(due.key)

    threads = [threading.Thread(target=work) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == len(set(got)) == 20


def test_an_unknown_template_is_refused_before_anything_is_kept(
    place: Place, clock: FixedClock
) -> None:
    with pytest.raises(Invalid):
        transact(
            lambda session: service.enqueue(
                session, key="k", recipient=place.people["resident"], template="nothing",
                facts={}, now=clock.now(),
            )
        )  # fmt: skip
    assert states() == {}
