"""The stage itself: each test has a database of its own, on both engines."""

import pytest
from flask import Flask

from ledger.books import queries, service
from ledger.kernel.db import transact, transaction
from tests.cast import Place


def test_a_place_has_a_book_and_one_person_for_each_role(place: Place) -> None:
    with transaction(read_only=True) as session:
        assert queries.book_id(session, "MAIN") == place.book
    assert len(set(place.people.values())) == len(place.people)


@pytest.mark.parametrize("turn", [1, 2])
def test_what_one_test_writes_no_other_test_sees(app: Flask, turn: int) -> None:
    transact(lambda session: service.create_book(session, code="ONCE", name="Once"))
