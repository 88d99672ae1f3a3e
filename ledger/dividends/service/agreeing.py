"""From a draft to a signed, running agreement (D1 to D5). Each step is a compare-and-swap."""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import datetime
from fractions import Fraction

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from ledger.audit import service as audit
from ledger.books import service as books
from ledger.dividends import queries
from ledger.dividends.models import (
    Agreement,
    AgreementParty,
    AgreementPeriod,
    AgreementSignature,
    SavingClaim,
)
from ledger.dividends.queries import AgreementView
from ledger.dividends.rules import comparing, postings, states
from ledger.dividends.rules.refusals import (
    ClaimedAlready,
    LongOdds,
    NotAParty,
    TermsChanged,
    WrongState,
)
from ledger.dividends.rules.terms import WHOLE_BP, Terms, check_terms, digest
from ledger.kernel.errors import Invalid
from ledger.kernel.ids import new_id
from ledger.kernel.limits import NAME_CHARS_MAX, TEXT_CHARS_MAX
from ledger.outcomes import queries as outcomes
from ledger.outcomes import service as outcome_service
from ledger.outcomes.rules.odds import Deal, Odds, odds_of
from ledger.outcomes.rules.windows import YEAR_MONTHS
from ledger.parties import queries as parties
from ledger.parties.rules import Actor, require


def draft(session: Session, *, book: int, terms: Terms, actor: Actor, now: datetime) -> str:
    """Draft an agreement; its terms are pinned from here on (D2). Returns its reference.

    Raises:
        Forbidden: only a council officer drafts.
        Incomplete, BadPeriod: a part of the sentence is missing.
        MeasureUnknown, Missing: a measure or a party that does not exist.
    """
    require(actor, "agreement.draft")
    check_terms(terms)
    if len(terms.title) > NAME_CHARS_MAX:
        raise Invalid("The title is too long.", remedy="Use fewer words.", place="title")
    _check_known(session, terms)
    reference = new_id("AGR")
    stored = json.dumps(terms.facts(), sort_keys=True, separators=(",", ":"))
    session.add(
        Agreement(
            id=reference, book=book, title=terms.title.strip(), area=terms.area,
            measure_version=terms.measure_version, accountable_body=terms.accountable_body,
            terms=stored, digest=digest(terms), state=states.DRAFT, odds="", legal_power="",
            drafted_at=now, drafted_by=actor.person,
        )
    )  # fmt: skip
    session.flush()
    session.execute(insert(AgreementParty), _party_rows(reference, terms))
    audit.record(
        session, at=now, actor=actor.person, action="agreement.draft", subject=reference,
        facts={"digest": digest(terms)},
    )  # fmt: skip
    return reference


def _check_known(session: Session, terms: Terms) -> None:
    outcomes.measure(session, terms.measure_version)
    for organisation in terms.organisations:
        parties.organisation(session, organisation)
    known = outcomes.series_of(session, measure_version=terms.measure_version)
    unknown = [area for area in (terms.area, *terms.comparators) if area not in known]
    if unknown:
        raise Invalid(
            f"There are no readings of this measure for {', '.join(unknown)[:200]}.",
            remedy="Choose areas that the readings have, or upload the readings first.",
            place="comparators" if unknown[0] in terms.comparators else "area",
        )


def _party_rows(agreement: str, terms: Terms) -> list[dict[str, object]]:
    parts = [("body", terms.accountable_body)]
    parts += [("agency", agency.organisation) for agency in terms.agencies]
    parts += [("payee", payee.organisation) for payee in terms.payees]
    return [
        {"agreement": agreement, "part": part, "organisation": organisation, "position": position}
        for position, (part, organisation) in enumerate(parts)
    ]


def broker(session: Session, *, agreement: str, actor: Actor, now: datetime) -> None:
    """The terms are agreed: comparators are checked against what the areas did before (D3).

    Raises:
        BadComparator: naming the area and why it cannot be compared with.
        WrongState, Forbidden.
    """
    require(actor, "agreement.draft")
    view = locked(session, agreement)
    states.check_agreement_move(now_at=view.state, to=states.BROKERED)
    check_terms(view.terms)
    _check_comparators(session, view)
    move(session, view, states.BROKERED, actor=actor.person, now=now)


def _check_comparators(session: Session, view: AgreementView) -> None:
    terms = view.terms
    if not terms.comparators:
        return
    names = outcomes.areas(session)
    claimed = queries.under_agreement(session, measure_version=terms.measure_version)
    comparing.check_neighbours(
        terms.area, terms.comparators, beside=outcomes.beside(session, terms.area),
        claimed=claimed, names=names,
    )  # fmt: skip
    area, others = _baseline(session, terms)
    comparing.check_size(sum(area), sum(others))
    comparing.check_parallel(area, others)


def _baseline(session: Session, terms: Terms) -> tuple[list[int], list[int]]:
    """The baseline's monthly counts: the area's, and those of all comparators together."""
    series = outcomes.series_of(session, measure_version=terms.measure_version)
    numbers = [series[area] for area in (terms.area, *terms.comparators)]
    found = outcomes.readings(
        session, series=numbers, from_on=terms.baseline.starts_on, to_on=terms.baseline.last_month
    )
    months = terms.baseline.each_month()
    by_series = {
        number: {view.month: view.value for view in views} for number, views in found.items()
    }
    for number in numbers:
        if len(by_series.get(number, {})) != len(months):
            raise Invalid(
                "The baseline has months without a reading.",
                remedy="Upload the missing readings, or choose another baseline.",
                place="baseline_from",
            )
    area = [by_series[numbers[0]][month] for month in months]
    others = [sum(by_series[number][month] for number in numbers[1:]) for month in months]
    return area, others


def odds_for(session: Session, terms: Terms) -> Odds:
    """D4: what the parties will be shown, from the baseline as it is known now."""
    area, others = _baseline(session, terms)
    deal = Deal(
        before=sum(area), other_before=sum(others),
        years_before=terms.baseline_months // YEAR_MONTHS, years_after=1,
        alpha=Fraction(terms.alpha_bp, WHOLE_BP), threshold=Fraction(terms.threshold_bp, WHOLE_BP),
    )  # fmt: skip
    return odds_of(deal, expected_fall=Fraction(terms.expected_fall_bp, WHOLE_BP))


def check_power(
    session: Session, *, agreement: str, legal_power: str, actor: Actor, now: datetime
) -> Odds:
    """Name the legal power to pay, and keep the odds that everybody will sign under (D4).

    Raises:
        LongOdds: less than an even chance to pay for the fall that is expected.
        Invalid: no legal power is named.
        WrongState, Forbidden.
    """
    require(actor, "agreement.draft")
    view = locked(session, agreement)
    states.check_agreement_move(now_at=view.state, to=states.POWER_CHECKED)
    if not legal_power.strip() or len(legal_power) > TEXT_CHARS_MAX:
        raise Invalid(
            "No legal power is named.", remedy="Name the Act and section.", place="legal_power"
        )
    odds = odds_for(session, view.terms)
    if odds.verdict == "refuse":
        raise LongOdds(
            comparing.odds_words(odds), remedy="Expect more, join areas, or use more years.",
            place="expected_fall",
        )  # fmt: skip
    stored = json.dumps(comparing.odds_facts(odds), sort_keys=True, separators=(",", ":"))
    move(
        session, view, states.POWER_CHECKED, actor=actor.person, now=now,
        values={"odds": stored, "legal_power": legal_power.strip()},
    )  # fmt: skip
    return odds


def sign(
    session: Session, *, agreement: str, organisation: str, digest: str, actor: Actor,
    now: datetime,
) -> str:  # fmt: skip
    """Sign for a party, under exactly the terms shown. The last signature claims the saving.

    Returns the agreement's state after it.

    Raises:
        NotAParty: this person does not act for that party.
        TermsChanged: the digest is not that of the stored terms.
        ClaimedAlready: another agreement has claimed too much of the same saving (D5).
        WrongState, Forbidden.
    """
    require(actor, "agreement.sign")
    view = locked(session, agreement)
    if view.state != states.POWER_CHECKED or organisation in view.signatures:
        raise WrongState(
            f"The agreement is {states.AGREEMENT_WORDS[view.state]}"
            + (", and this party has signed." if organisation in view.signatures else "."),
            remedy="Look at the agreement's page for the next step.",
            place=agreement,
        )
    if actor.organisation != organisation or organisation not in view.terms.organisations:
        raise NotAParty(
            "You do not act for that party to this agreement.",
            remedy="Ask somebody who works for the party to sign.",
            place="organisation",
        )
    if digest != view.digest:
        raise TermsChanged(
            "The terms you were shown are not those that are stored.",
            remedy="Open the agreement again and read it.",
            place="digest",
        )
    session.execute(
        insert(AgreementSignature).values(
            agreement=agreement, organisation=organisation, person=actor.person, digest=digest,
            signed_at=now,
        )
    )  # fmt: skip
    audit.record(
        session, at=now, actor=actor.person, action="agreement.sign", subject=agreement,
        facts={"organisation": organisation, "digest": digest},
    )  # fmt: skip
    if view.unsigned != [organisation]:
        return view.state
    _claim(session, view)
    _pin(session, view)
    books.open_fund(
        session, book=view.book, code=postings.FUND, fund_class="designated",
        name="Community dividends",
    )  # fmt: skip
    books.open_accounts(session, book=view.book, specs=postings.accounts(view.id, view.terms))
    move(session, view, states.SIGNED, actor=actor.person, now=now)
    return states.SIGNED


def _claim(session: Session, view: AgreementView) -> None:
    terms = view.terms
    months = [
        month
        for number in range(1, terms.periods + 1)
        for month in terms.period(number).each_month()
    ]
    taken, who = queries.claimants(
        session, measure_version=terms.measure_version, area=terms.area, months=months
    )
    if taken + terms.claim_bp > WHOLE_BP:
        raise ClaimedAlready(
            f"{', '.join(who)} claims {taken // 100}% of this saving;"
            f" this agreement wants {terms.claim_bp // 100}%.",
            remedy=f"Claim at most {(WHOLE_BP - taken) // 100}%, or other months.",
            place="claim",
        )
    session.execute(
        insert(SavingClaim),
        [
            {"agreement": view.id, "measure_version": terms.measure_version, "area": terms.area,
             "month": month, "share_bp": terms.claim_bp}
            for month in months
        ],
    )  # fmt: skip


def _pin(session: Session, view: AgreementView) -> None:
    terms = view.terms
    series = outcomes.series_of(session, measure_version=terms.measure_version)
    for number in range(1, terms.periods + 1):
        owner = f"{view.id}:{number}"
        window = terms.period(number)
        session.add(
            AgreementPeriod(
                agreement=view.id, number=number, from_on=window.starts_on, to_on=window.ends_on,
                freeze_on=terms.freeze_on(number), owner=owner,
                baseline_months=terms.baseline_months, threshold_bp=terms.threshold_bp,
            )
        )  # fmt: skip
        outcome_service.pin_windows(
            session, owner=owner, series=series[terms.area],
            others=[series[area] for area in terms.comparators], before=terms.baseline,
            after=window,
        )  # fmt: skip
    session.flush()


def activate(session: Session, *, agreement: str, actor: Actor, now: datetime) -> None:
    """A funded agreement starts to run: the nightly job tests its periods from now on."""
    require(actor, "agreement.draft")
    view = locked(session, agreement)
    states.check_agreement_move(now_at=view.state, to=states.ACTIVE)
    move(session, view, states.ACTIVE, actor=actor.person, now=now)


def end(session: Session, *, agreement: str, reason: str, actor: Actor, now: datetime) -> None:
    """End an agreement that holds no money yet, before or after its signatures."""
    require(actor, "agreement.draft")
    view = locked(session, agreement)
    states.check_agreement_move(now_at=view.state, to=states.TERMINATED)
    if view.state in (states.FUNDED, states.ACTIVE, states.SUSPENDED):
        raise WrongState(
            "Money is reserved for this agreement.",
            remedy="Let it run to its end: what is left then returns to the agencies.",
            place=agreement,
        )
    move(session, view, states.TERMINATED, actor=actor.person, now=now, reason=reason)


def locked(session: Session, agreement: str) -> AgreementView:
    """The agreement, held until this unit ends."""
    session.execute(select(Agreement.id).where(Agreement.id == agreement).with_for_update())
    return queries.agreement(session, agreement)


def locked_many(session: Session, agreements: Collection[str]) -> dict[str, AgreementView]:
    """Several agreements, held until this unit ends; always in one order, so that none waits
    for the other.
    """
    held = select(Agreement.id).where(Agreement.id.in_(sorted(agreements))).order_by(Agreement.id)
    session.execute(held.with_for_update()).all()
    return queries.agreements_named(session, agreements)


def move(
    session: Session, view: AgreementView, to: str, *, actor: str, now: datetime,
    values: dict[str, str] | None = None, reason: str = "",
) -> None:  # fmt: skip
    """Take one step of the table of moves, if nobody took another meanwhile."""
    states.check_agreement_move(now_at=view.state, to=to)
    done = session.execute(
        update(Agreement)
        .where(Agreement.id == view.id, Agreement.state == view.state)
        .values(state=to, **(values or {}))
    )
    if done.rowcount != 1:  # type: ignore[attr-defined]
        raise WrongState(
            "Somebody moved the agreement meanwhile.", remedy="Look at it again.", place=view.id
        )
    audit.record(
        session, at=now, actor=actor, action="agreement.move", subject=view.id,
        facts={"from": view.state, "to": to}, reason=reason,
    )  # fmt: skip
