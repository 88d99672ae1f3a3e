"""The main story of dividends: example E1 of the chapter, to the penny, on both databases."""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy.orm import Session

from ledger.books import queries as books
from ledger.books import service as book_service
from ledger.dividends import queries
from ledger.dividends import service as dividends
from ledger.dividends.rules import postings, workings
from ledger.dividends.rules.amounts import award_of, correct_down
from ledger.kernel.db import transact, transaction
from ledger.messages import queries as messages
from ledger.messages.rules import words
from ledger.outcomes.rules.exact import Counts
from ledger.outcomes.rules.verdict import Result
from ledger.parties import queries as parties
from tests import dividing
from tests.cast import Place
from tests.dividing import JOB, NOW


def owed(session: Session, place: Place, path: str) -> int:
    return books.owed(session, place.book, path)


def test_e1_is_awarded_paid_and_confirmed_to_the_penny(place: Place) -> None:
    deal = dividing.running(place)
    determination = dividing.proposed(deal)
    dividing.decided(deal, determination)
    assert transact(lambda s: dividends.release(s, determination=determination, actor=JOB, now=NOW))
    first, second, third = deal.groups
    agencies = (deal.fire, deal.police, place.council)

    def paths(make, ids):  # type: ignore[no-untyped-def]
        with transaction(read_only=True) as session:
            return [owed(session, place, make(*one)) for one in ids]

    of = [(deal.agreement, agency) for agency in agencies]
    to = [(deal.agreement, group) for group in deal.groups]
    with transaction(read_only=True) as session:
        view = queries.determination(session, determination)
        assert (view.result, view.award_pence, view.holdback_pence) == (
            "MET_ASSURED", 993_960, 198_792,
        )  # fmt: skip
        assert view.state == "RELEASED"
    assert paths(postings.holdback, of) == [120_384, 28_512, 49_896]
    assert paths(postings.payable, to) == [477_101, 198_792, 119_275]
    assert paths(postings.reserved, of) == [0, 0, 0]
    assert paths(postings.free, [(one,) for one in agencies]) == [118_080, 37_440, 50_520]
    assert paths(postings.recognised, of) == [-1_203_840, -285_120, -498_960]
    with transaction(read_only=True) as session:
        assert owed(session, place, postings.community(deal.agreement)) == 993_960
        assert owed(session, place, postings.state(deal.agreement)) == 993_960

    for group, pence in zip((first, second, third), (477_101, 198_792, 119_275), strict=True):
        transact(
            lambda s, group=group, pence=pence: dividends.pay(
                s, agreement=deal.agreement, payee=group, quantity_pence=pence,
                reference="PAY-RUN 7", paid_on=date(2026, 3, 2), actor=place.actor("head"), now=NOW,
            )
        )  # fmt: skip
    assert paths(postings.payable, to) == [0, 0, 0]
    with transaction(read_only=True) as session:
        assert books.net(session, place.book, postings.BANK) == 404_832

    later = NOW + timedelta(days=366)
    assert not transact(
        lambda s: dividends.confirm(s, determination=determination, now=NOW + timedelta(days=365))
    )
    assert transact(lambda s: dividends.confirm(s, determination=determination, now=later))
    assert not transact(lambda s: dividends.confirm(s, determination=determination, now=later))
    assert paths(postings.payable, to) == [119_275, 49_698, 29_819]
    assert paths(postings.holdback, of) == [0, 0, 0]
    with transaction(read_only=True) as session:
        assert book_service.self_check(session, book=place.book) == []


def test_each_member_of_a_group_gets_one_letter_when_it_is_paid_and_nobody_else(
    place: Place,
) -> None:
    deal = dividing.running(place)
    determination = dividing.proposed(deal)
    dividing.decided(deal, determination)
    transact(lambda s: dividends.release(s, determination=determination, actor=JOB, now=NOW))

    def pay(reference: str, pence: int) -> None:
        transact(
            lambda s: dividends.pay(
                s, agreement=deal.agreement, payee=deal.groups[0], quantity_pence=pence,
                reference=reference, paid_on=date(2026, 3, 2), actor=place.actor("head"), now=NOW,
            )
        )  # fmt: skip

    def letters() -> dict[str, list[str]]:
        with transaction(read_only=True) as session:
            return {
                person: [
                    words(one.template, one.facts, name="Ada", base_url="https://town.test").body
                    for one in messages.for_person(session, person)
                    if one.template == "dividend.paid"
                ]
                for person in {*place.people.values(), *members, *others}
            }

    with transaction(read_only=True) as session:
        members = set(parties.members(session, deal.groups[0]))
        others = set(parties.members(session, deal.groups[1])) - members
        title = queries.agreement(session, deal.agreement).title
    assert members
    assert others
    assert not any(letters().values())
    pay("RUN 1", 123_456)
    pay("run 1", 123_456)
    sent = letters()
    assert {person for person, bodies in sent.items() if bodies} == members
    assert all(len(sent[person]) == 1 for person in members)
    body = sent[min(members)][0]
    assert "Hello Ada" in body
    assert "£1,234.56" in body
    assert "2 March 2026" in body
    assert title in body
    assert f"https://town.test/agreements/{deal.agreement}" in body
    pay("RUN 2", 100)
    assert all(len(letters()[person]) == 2 for person in members)


def test_the_release_posts_once_however_often_it_runs(place: Place) -> None:
    deal = dividing.running(place)
    determination = dividing.proposed(deal)
    dividing.decided(deal, determination)

    def release() -> bool:
        return transact(
            lambda s: dividends.release(s, determination=determination, actor=JOB, now=NOW)
        )

    assert [release(), release()] == [True, False]
    with transaction(read_only=True) as session:
        kinds = [row.kind for row in books.journals(session, place.book, group=deal.agreement)]
    assert kinds == [
        "dividend.commit", "dividend.receipt", "dividend.receipt", "dividend.receipt",
        "dividend.reserve", "dividend.award", "saving.recognise", "dividend.return",
    ]  # fmt: skip


def test_a_lower_result_takes_the_holdback_and_leaves_a_debt_to_the_penny(place: Place) -> None:
    # D16, example E4: row 7b posted after rows 1 to 6 gives the chapter's closing balances.
    deal = dividing.running(place)
    determination = dividing.proposed(deal)
    dividing.decided(deal, determination)

    def unit(session: Session) -> None:
        dividends.release(session, determination=determination, actor=JOB, now=NOW)
        view = queries.agreement(session, deal.agreement)
        for payee, pence in queries.payable_pence(session, view).items():
            dividends.pay(
                session, agreement=deal.agreement, payee=payee, quantity_pence=pence,
                reference="RUN 1", paid_on=date(2026, 3, 2), actor=place.actor("head"), now=NOW,
            )  # fmt: skip
        old = workings.award_from(queries.determination(session, determination).facts)
        late = Counts(144, 33, 600, 196)
        new = award_of(
            result=Result.MET_ASSURED, avoided=late.avoided, fall=late.fall, terms=view.terms,
            available=(10**9,) * 3,
        )  # fmt: skip
        change = correct_down(
            old=old.awards, new=new.awards, holdbacks=old.holdbacks, paid_pence=795_168,
            terms=view.terms,
        )  # fmt: skip
        spec = postings.revise_down(
            determination, view.id, view.terms, change, old_savings=old.savings,
            new_savings=new.savings, on=date(2026, 3, 2), maker=place.people["officer"],
            checker=place.people["s151"],
        )  # fmt: skip
        book_service.post(session, book=place.book, spec=spec, now=NOW)

    transact(unit)
    agencies = (deal.fire, deal.police, place.council)
    with transaction(read_only=True) as session:
        assert books.net(session, place.book, postings.BANK) == 404_832
        free = [owed(session, place, postings.free(one)) for one in agencies]
        due = [
            books.net(session, place.book, postings.clawback(deal.agreement, one))
            for one in deal.groups
        ]
        back = [owed(session, place, postings.recovery(deal.agreement, one)) for one in agencies]
        memo = [owed(session, place, make(deal.agreement))
                for make in (postings.community, postings.state)]  # fmt: skip
    assert free == [238_464, 65_952, 100_416]
    assert (due, sum(due)) == ([1_355, 565, 339], 2_259)
    assert back == [1_368, 324, 567]
    assert memo == [792_909, 792_909]
