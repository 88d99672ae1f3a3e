"""Stories of readings and of the agreements that pay by them: every command of both."""

from __future__ import annotations

from datetime import date, timedelta

from ledger.dividends import queries
from ledger.dividends import service as dividends
from ledger.outcomes import queries as outcomes_queries
from ledger.outcomes import service as outcomes
from ledger.outcomes.rules.files import parse
from ledger.outcomes.rules.naming import Naming
from ledger.outcomes.rules.windows import Window
from tests import dividing
from tests.dividing import JOB, LEGAL_POWER, NOW
from tests.reliability.failing import Told

FEW = b"area,period,value\nMill Lane,2025-01,3\nMill Lane,2025-02,4\nWeir Bank,2025-01,5\n"
MEASURE = "litter.reports"


def readings(told: Told) -> None:
    """A measure is defined; counts are read in, marked final, looked at and frozen."""
    analyst = told.actor("analyst")
    told.do(outcomes.define_measure, code=MEASURE, name="Litter", definition="Reports of litter",
            source="the council's own", supplier=told.place.council, actor=analyst)  # fmt: skip
    told.do(
        outcomes.import_readings, measure=MEASURE, parsed=parse(FEW, today=told.now.date()),
        content=FEW, filename="litter.csv", actor=analyst,
    )  # fmt: skip
    told.do(outcomes.name_measure, measure=MEASURE, naming=Naming("Litter", "a report", "lower"),
            actor=analyst)  # fmt: skip
    told.do(outcomes.mark_final, measure=MEASURE, through_on=date(2025, 2, 1), actor=analyst)
    told.do(outcomes.put_beside, area="mill-lane", others=["weir-bank"])
    known = told.ask(lambda s: outcomes_queries.series_of(s, measure_version=f"{MEASURE}@1"))
    told.do(
        outcomes.pin_windows, owner="a test", series=known["mill-lane"],
        others=[known["weir-bank"]], before=Window(date(2025, 1, 1), 1),
        after=Window(date(2025, 2, 1), 1),
    )  # fmt: skip
    told.do(outcomes.freeze, owner="a test", facts={"why": "to look"})
    looks = told.ask(lambda s: outcomes_queries.looks(s, ["a test"]))
    told.do(outcomes.freeze_many, looks={"another": looks["a test"]}, facts={"another": {}})


def a_dividend(told: Told) -> None:
    """E1: signed by all, funded, determined, decided by two, released, paid and confirmed."""
    with told.proof.rest():
        deal = dividing.stage(told.place)
    s151, officer = told.actor("s151"), told.actor("officer")
    made = deal.agreement = told.do(dividends.draft, book=told.place.book, terms=deal.terms,
                                    actor=officer, now=NOW)  # fmt: skip
    told.do(dividends.broker, agreement=made, actor=officer, now=NOW)
    told.do(dividends.check_power, agreement=made, legal_power=LEGAL_POWER, actor=officer, now=NOW)
    view = told.ask(lambda s: queries.agreement(s, made))
    for organisation in view.terms.organisations:
        told.do(dividends.sign, agreement=made, organisation=organisation, digest=view.digest,
                actor=deal.signers[organisation], now=NOW)  # fmt: skip
    told.do(dividends.commit, agreement=made, actor=s151, now=NOW)
    for agency in view.terms.agencies:
        told.do(
            dividends.receive, agreement=made, agency=agency.organisation,
            quantity_pence=agency.commitment_pence, reference="BACS 001",
            received_on=date(2026, 2, 27), actor=officer, now=NOW,
        )  # fmt: skip
    told.do(dividends.fund, agreement=made, actor=s151, now=NOW)
    told.do(dividends.activate, agreement=made, actor=officer, now=NOW)
    (due,) = told.ask(lambda s: dividends.evaluate_due(s, now=NOW))
    assert told.ask(lambda s: dividends.due(s, now=NOW)) == [due.due]
    determination = told.do(dividends.propose, evaluation=due, now=NOW)
    assert determination is not None
    paid_and_confirmed(told, deal, determination)


def paid_and_confirmed(told: Told, deal: dividing.Deal, determination: str) -> None:
    """Two people decide; it is released, paid, confirmed, made again from what was kept, closed."""
    head, later = told.actor("head"), NOW + timedelta(days=366)
    for stage, part in (("verify", "officer"), ("approve", "s151")):
        digest = told.ask(
            lambda s: dividing.digest_of(s, queries.determination(s, determination).proposal)
        )
        told.do(
            dividends.decide, determination=determination, stage=stage, actor=told.actor(part),
            verdict="yes", reason="Checked against the extract.", digest=digest, now=NOW,
        )  # fmt: skip
    assert told.do(dividends.release, determination=determination, actor=JOB, now=NOW)
    assert told.do(dividends.confirm, determination=determination, now=later)
    due = told.ask(lambda s: queries.payable_pence(s, queries.agreement(s, deal.agreement)))
    with told.proof.rest():
        rest = [
            told.do(dividends.pay, agreement=deal.agreement, payee=payee, quantity_pence=pence,
                    reference=f"RUN {payee}", paid_on=later.date(), actor=head, now=later)
            for payee, pence in sorted(due.items())[1:]
        ]  # fmt: skip
    assert len(rest) == 2
    payee, pence = min(due.items())
    told.do(dividends.pay, agreement=deal.agreement, payee=payee, quantity_pence=pence,
            reference="RUN 7", paid_on=later.date(), actor=head, now=later)  # fmt: skip
    assert told.ask(lambda s: dividends.recomputed(s, determination=determination)) is not None
    assert len(told.ask(lambda s: list(dividends.recorded(s, book=told.place.book)))) == 1
    told.do(dividends.close, agreement=deal.agreement, actor=told.actor("officer"), now=later)


def ended_and_proposed_among_many(told: Told) -> None:
    """One agreement runs and is due; another is ended before there is any money in it."""
    officer = told.actor("officer")
    with told.proof.rest():
        deal = dividing.running(told.place)
        other = dividing.drafted(deal, title="Fewer fires by the weir")
    told.do(dividends.end, agreement=other, reason="Nobody signed.", actor=officer, now=NOW)
    due = told.ask(lambda s: dividends.due(s, now=NOW))
    night = told.do(dividends.propose_many, due=due, now=NOW)
    assert (len(night.proposed), night.waiting) == (1, [])


STORIES = (readings, a_dividend, ended_and_proposed_among_many)
