"""The stage for dividends: readings of fires, parties, and an agreement on arson (example E1)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy.orm import Session

from ledger.dividends import queries
from ledger.dividends import service as dividends
from ledger.dividends.rules.terms import Agency, Payee, Terms
from ledger.kernel.db import transact
from ledger.kernel.money import split
from ledger.outcomes import service as outcomes
from ledger.outcomes.rules.files import parse
from ledger.parties import service as parties
from ledger.parties.rules import Actor
from tests.cast import Place

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
MEASURE = "fires.deliberate"
COMPARATORS = ("northgate", "foundry", "eastfield", "hollins", "weir-bank")
BASELINE = (9, 15, 7, 20, 11, 12, 10, 15, 9, 13, 6, 17)
"""Twelve quarters, 144 fires: phi is 0.31 once the season is taken out."""
LEGAL_POWER = "Localism Act 2011, section 1"


def months(quarters: Sequence[int]) -> list[int]:
    """Quarterly counts as monthly ones."""
    return [count for total in quarters for count in split(total, (1, 1, 1))]


def year(total: int) -> list[int]:
    """A year's count over its months, in the shape of the season."""
    return months(split(total, (9, 13, 7, 19)))


def readings_file(*, after: int = 28, other_after: int = 190, end: str = "\n") -> bytes:
    """Four years of fires from January 2021, as E1 has them: the last year may be changed."""
    lines = ["area,period,value"]
    series = {"Canal Side": months(BASELINE) + year(after)}
    for name, total in zip(
        ("Northgate", "Foundry", "Eastfield", "Hollins", "Weir Bank"),
        split(other_after, (1, 1, 1, 1, 1)), strict=True,
    ):  # fmt: skip
        series[name] = year(40) * 3 + year(total)
    for name, counts in series.items():
        lines += [
            f"{name},{2021 + step // 12}-{step % 12 + 1:02d},{count}"
            for step, count in enumerate(counts)
        ]
    return ("\n".join(lines) + end).encode()


@dataclass(slots=True)
class Deal:
    """An agreement's stage: who signs for which party, and the agreement itself."""

    place: Place
    fire: str
    police: str
    groups: list[str]
    signers: dict[str, Actor] = field(default_factory=dict)
    agreement: str = ""

    def actor(self, part: str) -> Any:
        """Somebody of the cast."""
        return self.place.actor(part)

    @property
    def terms(self) -> Terms:
        """The terms of E1: £1,900, £600 and £350 an event, half of the saving to three groups."""
        first, second, third = self.groups
        return Terms(
            title="Fewer fires at Canal Side", measure_version=f"{MEASURE}@1", area="canal-side",
            accountable_body=self.place.council,
            payees=(Payee(first, 60), Payee(second, 25), Payee(third, 15)),
            agencies=(
                Agency(self.fire, 190_000, 4_000, 1_000, 720_000, 2025),
                Agency(self.police, 60_000, 3_000, 1_000, 180_000, 2025),
                Agency(self.place.council, 35_000, 9_000, 1_000, 300_000, 2025),
            ),
            comparators=COMPARATORS, baseline_from=date(2021, 1, 1), baseline_months=36,
            first_period_from=date(2024, 1, 1), periods=1, selected_on=date(2024, 1, 15),
            threshold_bp=2_000, expected_fall_bp=4_000, cap_pence=1_200_000,
            evidence="the fire service's own incident records",
            service_effect="No crew or station changes; less night overtime.",
        )  # fmt: skip


def stage(place: Place, *, after: int = 28, other_after: int = 190, final: bool = True) -> Deal:
    """Readings in and final, two more groups and a police service with people who may sign."""

    def unit(session: Session) -> Deal:
        police = parties.add_organisation(session, name="Testshire Police", kind="agency", now=NOW)
        groups = [place.group] + [
            parties.add_organisation(session, name=name, kind="group", now=NOW)
            for name in ("Weir Bank Friends", "Mill Lane Hall")
        ]
        deal = Deal(place, place.organisations["agency"], police, groups)
        deal.signers = {
            deal.fire: place.actor("analyst"),
            place.council: place.actor("officer"),
            place.group: place.actor("organiser"),
        }
        for organisation, role in ((police, "analyst"), (groups[1], "organiser"),
                                   (groups[2], "organiser")):  # fmt: skip
            person = parties.add_person(
                session, name=f"Signer of {organisation}", email=f"{organisation}@example.test",
                roles=(role,), organisation=organisation, now=NOW,
            )  # fmt: skip
            deal.signers[organisation] = Actor(person, frozenset({role}), organisation)
        upload(session, deal, after=after, other_after=other_after)
        if final:
            outcomes.mark_final(
                session, measure=MEASURE, through_on=date(2024, 12, 1),
                actor=place.actor("analyst"), now=NOW,
            )  # fmt: skip
        return deal

    return transact(unit)


def upload(session: Session, deal: Deal, **changed: Any) -> Any:
    """Upload the readings as the fire service's analyst."""
    content = readings_file(**changed)
    return outcomes.import_readings(
        session, measure=MEASURE, parsed=parse(content, today=NOW.date()), content=content,
        filename="fires.csv", actor=deal.actor("analyst"), now=NOW,
    )  # fmt: skip


def drafted(deal: Deal, **changed: Any) -> str:
    """An agreement with these terms, checked and waiting for signatures."""
    officer = deal.actor("officer")

    def unit(session: Session) -> str:
        reference = dividends.draft(
            session, book=deal.place.book, terms=replace(deal.terms, **changed), actor=officer,
            now=NOW,
        )  # fmt: skip
        dividends.broker(session, agreement=reference, actor=officer, now=NOW)
        dividends.check_power(
            session, agreement=reference, legal_power=LEGAL_POWER, actor=officer, now=NOW
        )
        return reference

    return transact(unit)


def sign_all(session: Session, deal: Deal, agreement: str) -> str:
    """Every party signs; the state after the last signature."""
    view = queries.agreement(session, agreement)
    state = ""
    for organisation in view.terms.organisations:
        state = dividends.sign(
            session, agreement=agreement, organisation=organisation, digest=view.digest,
            actor=deal.signers[organisation], now=NOW,
        )  # fmt: skip
    return state


def paid_in(session: Session, deal: Deal, agreement: str, *, short: int = 0) -> None:
    """Every agency's money arrives; the first agency's is ``short`` pence too little."""
    dividends.commit(session, agreement=agreement, actor=deal.actor("s151"), now=NOW)
    for agency in queries.agreement(session, agreement).terms.agencies:
        dividends.receive(
            session, agreement=agreement, agency=agency.organisation,
            quantity_pence=agency.commitment_pence - short, reference="BACS 001",
            received_on=date(2026, 2, 27), actor=deal.actor("officer"), now=NOW,
        )  # fmt: skip
        short = 0


def running(place: Place, *, after: int = 28, other_after: int = 190, **changed: Any) -> Deal:
    """An agreement that is signed by all, funded and running, with a period due."""
    deal = stage(place, after=after, other_after=other_after)
    deal.agreement = drafted(deal, **changed)

    def unit(session: Session) -> None:
        sign_all(session, deal, deal.agreement)
        paid_in(session, deal, deal.agreement)
        dividends.fund(session, agreement=deal.agreement, actor=deal.actor("s151"), now=NOW)
        dividends.activate(session, agreement=deal.agreement, actor=deal.actor("officer"), now=NOW)

    transact(unit)
    return deal


def proposed(deal: Deal) -> str:
    """The determination that the job proposes."""

    def unit(session: Session) -> str:
        (due,) = dividends.evaluate_due(session, now=NOW)
        found = dividends.propose(session, evaluation=due, now=NOW)
        assert found is not None
        return found

    return transact(unit)


def decided(deal: Deal, determination: str, *, who: Sequence[str] = ("officer", "s151")) -> None:
    """Two people say yes."""

    def unit(session: Session) -> None:
        for stage_name, part in zip(("verify", "approve"), who, strict=True):
            view = queries.determination(session, determination)
            dividends.decide(
                session, determination=determination, stage=stage_name, actor=deal.actor(part),
                verdict="yes", reason="Checked against the extract.",
                digest=digest_of(session, view.proposal), now=NOW,
            )  # fmt: skip

    transact(unit)


def digest_of(session: Session, proposal: str) -> str:
    """What a decision must repeat."""
    from ledger.approvals import queries as approvals

    return approvals.get(session, proposal).digest


JOB = Actor("job:release-dividends", frozenset({"system"}), None)
