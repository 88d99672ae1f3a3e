"""Harrowmere's fires: the service's counts come in quarter by quarter, and three agreements
on arson run: one was paid, one could not be proved, one waits for its approver today.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, time, timedelta
from functools import partial
from typing import Final

from sqlalchemy.orm import Session

from ledger.demo import people
from ledger.demo.figures import COMPARATORS, quarter_start, readings_csv
from ledger.demo.story import Story
from ledger.dividends import queries
from ledger.dividends import service as dividends
from ledger.dividends.rules.terms import Agency, Payee, Terms
from ledger.exports import checkpoints
from ledger.outcomes import service as outcomes
from ledger.outcomes.rules.files import parse

FAMILY: Final = "hfrs"
MEASURE: Final = "hfrs.fire.arson"
_EVALUATES: Final = "evaluate-agreements"
_RELEASES: Final = "release-dividends"
_SIGNERS: Final = {
    people.COUNCIL: "officer",
    people.FIRE: "analyst",
    people.POLICE: "analyst.police",
    people.CANAL_GROUP: "organiser",
    people.MILL_GROUP: "organiser.mill",
    people.STATION_GROUP: "organiser.station",
}


@dataclass(slots=True)
class _Deal:
    """One agreement's thread: whose street, from when, and how far its determination goes.

    ``quarters_ago`` is where its first year begins, in calendar quarters before the present.
    """

    story: Story
    title: str
    ward: str
    payees: tuple[tuple[str, int], ...]
    quarters_ago: int
    until: str
    known: dict[str, str] = field(default_factory=dict)

    @property
    def first_day(self) -> date:
        """The first day of its first year."""
        return quarter_start(_anchor(self.story), self.quarters_ago)

    @property
    def signed_on(self) -> date:
        """Some weeks before its first year begins."""
        return self.first_day - timedelta(days=40)

    @property
    def due_on(self) -> date:
        """When the run-out after its first year is over."""
        return quarter_start(_anchor(self.story), self.quarters_ago - 4) + timedelta(days=93)


def tell(story: Story) -> None:
    """Put the counts, the agreements and the checkpoints into the agenda."""
    _counts_come_in(story)
    every = (
        (people.CANAL_GROUP, 60), (people.MILL_GROUP, 25), (people.STATION_GROUP, 15),
    )  # fmt: skip
    for deal in (
        _Deal(story, "Fewer fires at Canal Side", "Canal Side", every, 11, "confirmed"),
        _Deal(story, "Fewer fires on Mill Lane", "Mill Lane", ((people.MILL_GROUP, 1),), 10,
              "approved"),
        _Deal(story, "Fewer fires in Station Quarter", "Station Quarter",
              ((people.STATION_GROUP, 1),), 5, "verified"),
    ):  # fmt: skip
        _runs(deal)
    _checkpoints(story)


def _checkpoints(story: Story) -> None:
    """The history is signed at the turn of each quarter, and once more last night."""
    for back in range(11, -1, -1):
        story.plan(quarter_start(story.today, back), partial(_sign_history, story), at=time(5))
    story.plan(story.days_ago(1), partial(_sign_history, story), at=time(23, 55))


def _sign_history(story: Story) -> None:
    checkpoints.make(
        book=story.book, reason="daily", made_by=story.job("checkpoint").person, now=story.now
    )


def _anchor(story: Story) -> date:
    """A day in the quarter that the story counts back from: two weeks of it have passed."""
    return story.today - timedelta(days=14)


def _counts_come_in(story: Story) -> None:
    """The past comes in one file when the town joins, then a longer file every quarter."""
    first = quarter_start(story.begins_on, 0)
    for back in range(12, -1, -1):
        quarter = quarter_start(_anchor(story), back)
        if quarter <= first:
            continue
        story.plan(quarter + timedelta(days=20), partial(_upload, story, quarter), at=time(11))
        story.plan(quarter + timedelta(days=80), partial(_mark_final, story, quarter), at=time(11))
    story.plan(story.begins_on + timedelta(days=5), partial(_upload, story, first), at=time(8))
    story.plan(story.begins_on + timedelta(days=5), partial(_mark_final, story, first), at=time(9))


def _upload(story: Story, before: date) -> None:
    content = readings_csv(_anchor(story), before=before)
    story.do(
        lambda session: outcomes.import_readings(
            session, measure=FAMILY, parsed=parse(content, today=story.now.date()),
            content=content, filename=f"harrowmere-fires-before-{before:%Y-%m}.csv",
            actor=story.actor("analyst"), now=story.now, source=people.FIRE,
        )
    )  # fmt: skip


def _mark_final(story: Story, before: date) -> None:
    last_month = (before - timedelta(days=1)).replace(day=1)
    story.do(
        lambda session: outcomes.mark_final(
            session, measure=MEASURE, through_on=last_month, actor=story.actor("analyst"),
            now=story.now,
        )
    )  # fmt: skip


def _runs(deal: _Deal) -> None:
    story = deal.story
    story.plan(deal.signed_on - timedelta(days=3), partial(_draft, deal))
    story.plan(deal.signed_on, partial(_sign, deal))
    story.plan(deal.signed_on + timedelta(days=12), partial(_fund, deal))
    story.plan(deal.due_on, partial(_propose, deal), at=time(4))
    story.plan(deal.due_on + timedelta(days=9), partial(_verify, deal))
    if deal.until in ("approved", "confirmed"):
        story.plan(deal.due_on + timedelta(days=15), partial(_approve, deal))
        story.plan(deal.due_on + timedelta(days=16), partial(_release, deal), at=time(4, 30))
    if deal.until == "confirmed":
        story.plan(deal.due_on + timedelta(days=24), partial(_pay, deal, "BACS-DIV-1"))
        confirmed = deal.due_on + timedelta(days=16 + 366)
        story.plan(confirmed, partial(_confirm, deal), at=time(4, 30))
        story.plan(confirmed + timedelta(days=12), partial(_pay, deal, "BACS-DIV-2"))


def _terms(deal: _Deal) -> Terms:
    ids = deal.story.organisations
    return Terms(
        title=deal.title,
        measure_version=f"{MEASURE}@1",
        area=_slug(deal.ward),
        accountable_body=ids[people.COUNCIL],
        payees=tuple(Payee(ids[group], weight) for group, weight in deal.payees),
        agencies=(
            Agency(ids[people.FIRE], 190_000, 4_000, 1_000, 720_000, 2023),
            Agency(ids[people.POLICE], 60_000, 3_000, 1_000, 180_000, 2023),
            Agency(ids[people.COUNCIL], 35_000, 9_000, 1_000, 300_000, 2023),
        ),
        comparators=tuple(_slug(name) for name in COMPARATORS),
        baseline_from=quarter_start(_anchor(deal.story), deal.quarters_ago + 13),
        baseline_months=36,
        first_period_from=deal.first_day,
        periods=1,
        selected_on=deal.signed_on - timedelta(days=20),
        threshold_bp=2_000,
        expected_fall_bp=4_000,
        cap_pence=1_200_000,
        evidence="the fire service’s own incident records",
        service_effect="No station closes and no crew changes; there is less overtime at night.",
    )


def _slug(name: str) -> str:
    return name.lower().replace(" ", "-")


def _draft(deal: _Deal) -> None:
    story, officer = deal.story, deal.story.actor("officer")

    def unit(session: Session) -> str:
        reference = dividends.draft(
            session, book=story.book, terms=_terms(deal), actor=officer, now=story.now
        )
        dividends.broker(session, agreement=reference, actor=officer, now=story.now)
        dividends.check_power(
            session, agreement=reference, legal_power="Localism Act 2011, section 1",
            actor=officer, now=story.now,
        )  # fmt: skip
        return reference

    deal.known["agreement"] = story.do(unit)


def _sign(deal: _Deal) -> None:
    story, agreement = deal.story, deal.known["agreement"]
    named = {reference: name for name, reference in story.organisations.items()}

    def unit(session: Session) -> None:
        view = queries.agreement(session, agreement)
        for organisation in view.terms.organisations:
            dividends.sign(
                session, agreement=agreement, organisation=organisation, digest=view.digest,
                actor=story.actor(_SIGNERS[named[organisation]]), now=story.now,
            )  # fmt: skip

    story.do(unit)


def _fund(deal: _Deal) -> None:
    story, agreement = deal.story, deal.known["agreement"]
    officer, s151 = story.actor("officer"), story.actor("s151")

    def unit(session: Session) -> None:
        dividends.commit(session, agreement=agreement, actor=s151, now=story.now)
        for agency in queries.agreement(session, agreement).terms.agencies:
            dividends.receive(
                session, agreement=agreement, agency=agency.organisation,
                quantity_pence=agency.commitment_pence, reference=f"BACS-IN-{story.now:%y%m%d}",
                received_on=story.now.date(), actor=officer, now=story.now,
            )  # fmt: skip
        dividends.fund(session, agreement=agreement, actor=s151, now=story.now)
        dividends.activate(session, agreement=agreement, actor=officer, now=story.now)

    story.do(unit)


def _propose(deal: _Deal) -> None:
    """What the nightly job does: freeze, test, propose. It decides nothing."""
    story = deal.story

    def unit(session: Session) -> str:
        agreement = deal.known["agreement"]
        due = dividends.evaluate_due(session, now=story.now, agreement=agreement)
        proposed = dividends.propose(
            session, evaluation=due[0], now=story.now, maker=story.job(_EVALUATES).person
        )
        assert proposed is not None, "the period was due for the first time"
        return proposed

    deal.known["determination"] = story.do(unit)


def _decides(deal: _Deal, stage: str, who: str, reason: str) -> None:
    story, determination = deal.story, deal.known["determination"]

    def unit(session: Session) -> None:
        view = queries.determination(session, determination)
        dividends.decide(
            session, determination=determination, stage=stage, actor=story.actor(who),
            verdict="yes", reason=reason, digest=story.digest(session, view.proposal),
            now=story.now,
        )  # fmt: skip

    story.do(unit)


def _verify(deal: _Deal) -> None:
    _decides(deal, "verify", "officer2", "I counted the incidents again from the frozen extract.")


def _approve(deal: _Deal) -> None:
    _decides(deal, "approve", "s151", "The workings, the reservation and the limit are in order.")


def _release(deal: _Deal) -> None:
    story = deal.story
    story.do(
        lambda session: dividends.release(
            session, determination=deal.known["determination"], actor=story.job(_RELEASES),
            now=story.now,
        )
    )  # fmt: skip


def _confirm(deal: _Deal) -> None:
    story = deal.story
    story.do(
        lambda session: dividends.confirm(
            session, determination=deal.known["determination"], now=story.now
        )
    )


def _pay(deal: _Deal, reference: str) -> None:
    """Finance has paid each group what it was owed."""
    story, agreement = deal.story, deal.known["agreement"]

    def unit(session: Session) -> None:
        owed = queries.payable_pence(session, queries.agreement(session, agreement))
        for payee, pence in owed.items():
            if pence:
                dividends.pay(
                    session, agreement=agreement, payee=payee, quantity_pence=pence,
                    reference=reference, paid_on=story.now.date(), actor=story.actor("head"),
                    now=story.now,
                )  # fmt: skip

    story.do(unit)
