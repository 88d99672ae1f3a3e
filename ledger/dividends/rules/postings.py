"""Every posting of a dividend: which accounts, which legs, under which id (table in docs/rules.md).

Ids are made of what happened, so that a step that is run twice is posted once.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final

from ledger.books.rules import AccountSpec, JournalSpec, Leg, credit, debit
from ledger.dividends.rules.amounts import Award, Correction
from ledger.dividends.rules.terms import Terms

FUND: Final = "DIVIDENDS"
BANK: Final = "Assets:Bank:Dividends"
SAVING: Final = "SAVING"


def receivable(agreement: str, agency: str) -> str:
    """1100: what an agency promised and has not paid in."""
    return f"Assets:Receivable:Contribution:{agreement}:{agency}"


def clawback(agreement: str, payee: str) -> str:
    """1300: what a payee owes back."""
    return f"Assets:Receivable:Clawback:{agreement}:{payee}"


def free(agency: str) -> str:
    """2000: an agency's money that has come in and is not reserved."""
    return f"Liabilities:Dividend:Free:{agency}"


def committed(agreement: str, agency: str) -> str:
    """2050: promised by an agency, not received."""
    return f"Liabilities:Dividend:Committed:{agreement}:{agency}"


def reserved(agreement: str, agency: str) -> str:
    """2100: kept for this agreement."""
    return f"Liabilities:Dividend:Reserved:{agreement}:{agency}"


def holdback(agreement: str, agency: str) -> str:
    """2200: awarded, held until the revision window is over."""
    return f"Liabilities:Dividend:Holdback:{agreement}:{agency}"


def payable(agreement: str, payee: str) -> str:
    """2300: due to a payee now."""
    return f"Liabilities:Dividend:Payable:{agreement}:{payee}"


def recovery(agreement: str, agency: str) -> str:
    """2400: to be had back for an agency."""
    return f"Liabilities:Dividend:Recovery:{agreement}:{agency}"


def recognised(agreement: str, agency: str) -> str:
    """Memo 9000: an agency's saving."""
    return f"Equity:Memo:Saving:Recognised:{agreement}:{agency}"


def community(agreement: str) -> str:
    """Memo 9100: the community's part of the saving."""
    return f"Equity:Memo:Saving:Community:{agreement}"


def state(agreement: str) -> str:
    """Memo 9200: the agencies' own part of the saving."""
    return f"Equity:Memo:Saving:Agencies:{agreement}"


def accounts(agreement: str, terms: Terms) -> list[AccountSpec]:
    """Every account an agreement needs. None of its liabilities may fall below zero."""
    specs = [AccountSpec(BANK, fund=FUND, guard="D")]
    for agency in terms.agencies:
        one = agency.organisation
        specs += [
            AccountSpec(receivable(agreement, one), fund=FUND, guard="D", owner=one),
            AccountSpec(free(one), fund=FUND, guard="C", owner=one),
            AccountSpec(committed(agreement, one), fund=FUND, guard="C", owner=one),
            AccountSpec(reserved(agreement, one), fund=FUND, guard="C", owner=one),
            AccountSpec(holdback(agreement, one), fund=FUND, guard="C", owner=one),
            AccountSpec(recovery(agreement, one), fund=FUND, guard="C", owner=one),
            AccountSpec(recognised(agreement, one), unit=SAVING, fund=FUND, owner=one),
        ]
    for payee in terms.payees:
        one = payee.organisation
        specs += [
            AccountSpec(clawback(agreement, one), fund=FUND, guard="D", owner=one),
            AccountSpec(payable(agreement, one), fund=FUND, guard="C", owner=one),
        ]
    return [
        *specs,
        AccountSpec(community(agreement), unit=SAVING, fund=FUND),
        AccountSpec(state(agreement), unit=SAVING, fund=FUND),
    ]


def _legs(*legs: Leg) -> tuple[Leg, ...]:
    return tuple(leg for leg in legs if leg.quantity)


def commit(agreement: str, terms: Terms, *, on: date, maker: str) -> JournalSpec:
    """Row 1: the agencies promise their money."""
    legs: list[Leg] = []
    for agency in terms.agencies:
        legs.append(debit(receivable(agreement, agency.organisation), agency.commitment_pence))
        legs.append(credit(committed(agreement, agency.organisation), agency.commitment_pence))
    return JournalSpec(
        id=f"{agreement}:commit", kind="dividend.commit", effective_on=on, legs=_legs(*legs),
        maker=maker, group=agreement, reason="agencies commit their contributions",
    )  # fmt: skip


def receive(
    agreement: str, agency: str, quantity_pence: int, *, reference: str, on: date, maker: str
) -> JournalSpec:
    """Row 2: an agency's money arrives and is free to be reserved."""
    return JournalSpec(
        id=f"{agreement}:receive:{agency}:{reference}", kind="dividend.receipt", effective_on=on,
        legs=(
            debit(BANK, quantity_pence),
            credit(receivable(agreement, agency), quantity_pence),
            debit(committed(agreement, agency), quantity_pence),
            credit(free(agency), quantity_pence),
        ),
        maker=maker, group=agreement, reason="contribution received",
    )  # fmt: skip


def reserve(agreement: str, terms: Terms, *, on: date, maker: str) -> JournalSpec:
    """Row 3: free money is reserved; an account short by a penny refuses (D6)."""
    legs: list[Leg] = []
    for agency in terms.agencies:
        legs.append(debit(free(agency.organisation), agency.commitment_pence))
        legs.append(credit(reserved(agreement, agency.organisation), agency.commitment_pence))
    return JournalSpec(
        id=f"{agreement}:reserve", kind="dividend.reserve", effective_on=on, legs=_legs(*legs),
        maker=maker, group=agreement, reason="contributions reserved for the agreement",
    )  # fmt: skip


def award(
    determination: str, agreement: str, terms: Terms, amounts: Award, *, on: date, maker: str,
    checker: str, purpose: str,
) -> JournalSpec:  # fmt: skip
    """Row 4: what was approved becomes payable, a part of it held back. Its purpose is the hash
    of the decision's record (D17).
    """
    legs: list[Leg] = []
    for agency, whole, held in zip(terms.agencies, amounts.awards, amounts.holdbacks, strict=True):
        legs.append(debit(reserved(agreement, agency.organisation), whole))
        legs.append(credit(holdback(agreement, agency.organisation), held))
    for payee, due in zip(terms.payees, amounts.payables, strict=True):
        legs.append(credit(payable(agreement, payee.organisation), due))
    return JournalSpec(
        id=f"{determination}:award", kind="dividend.award", effective_on=on, legs=_legs(*legs),
        maker=maker, checker=checker, group=agreement, reason="dividend awarded",
        purpose=purpose,
    )  # fmt: skip


def recognise(
    determination: str, agreement: str, terms: Terms, amounts: Award, *, on: date, maker: str
) -> JournalSpec:
    """Row 4m: the saving is recognised once, in its own unit, and shared."""
    legs = [
        debit(recognised(agreement, agency.organisation), saving)
        for agency, saving in zip(terms.agencies, amounts.savings, strict=True)
    ]
    legs.append(credit(community(agreement), amounts.award_pence))
    legs.append(credit(state(agreement), amounts.saving_pence - amounts.award_pence))
    return JournalSpec(
        id=f"{determination}:saving", kind="saving.recognise", effective_on=on,
        legs=_legs(*legs), maker=maker, group=agreement, reason="saving recognised",
    )  # fmt: skip


def give_back(
    key: str, agreement: str, terms: Terms, left: Sequence[int], *, on: date, maker: str
) -> JournalSpec:
    """Row 5: what is left of the reservation returns to each agency."""
    legs: list[Leg] = []
    for agency, rest in zip(terms.agencies, left, strict=True):
        legs.append(debit(reserved(agreement, agency.organisation), rest))
        legs.append(credit(free(agency.organisation), rest))
    return JournalSpec(
        id=f"{key}:return", kind="dividend.return", effective_on=on, legs=_legs(*legs),
        maker=maker, group=agreement, reason="unused reservation returned",
    )  # fmt: skip


def pay(
    agreement: str, payee: str, quantity_pence: int, *, reference: str, on: date, maker: str,
    checker: str,
) -> JournalSpec:  # fmt: skip
    """Row 6: the bank confirms that a payee was paid."""
    return JournalSpec(
        id=f"{agreement}:pay:{payee}:{reference}", kind="dividend.pay", effective_on=on,
        legs=(debit(payable(agreement, payee), quantity_pence), credit(BANK, quantity_pence)),
        maker=maker, checker=checker, group=agreement, reason="dividend paid",
    )  # fmt: skip


def confirm(
    determination: str, agreement: str, terms: Terms, held: Sequence[int],
    payables: Sequence[int], *, on: date, maker: str,
) -> JournalSpec:  # fmt: skip
    """Row 7a: the revision window is over; the holdback becomes payable."""
    legs = [
        debit(holdback(agreement, agency.organisation), part)
        for agency, part in zip(terms.agencies, held, strict=True)
    ]
    legs += [
        credit(payable(agreement, payee.organisation), part)
        for payee, part in zip(terms.payees, payables, strict=True)
    ]
    return JournalSpec(
        id=f"{determination}:confirm", kind="dividend.confirm", effective_on=on,
        legs=_legs(*legs), maker=maker, group=agreement, reason="holdback confirmed",
    )  # fmt: skip


def revise_down(
    determination: str, agreement: str, terms: Terms, change: Correction, *,
    old_savings: Sequence[int], new_savings: Sequence[int], on: date, maker: str, checker: str,
) -> JournalSpec:  # fmt: skip
    """Row 7b: a lower result takes the holdback, then what payees owe back; memo in step."""
    legs: list[Leg] = []
    for agency, held, due in zip(
        terms.agencies, change.from_holdback, change.recover_agencies, strict=True
    ):
        legs.append(debit(holdback(agreement, agency.organisation), held))
        legs.append(credit(free(agency.organisation), held))
        legs.append(credit(recovery(agreement, agency.organisation), due))
    legs += [
        debit(clawback(agreement, payee.organisation), due)
        for payee, due in zip(terms.payees, change.recover_payees, strict=True)
    ]
    falls = [old - new for old, new in zip(old_savings, new_savings, strict=True)]
    legs += [
        credit(recognised(agreement, agency.organisation), fall)
        for agency, fall in zip(terms.agencies, falls, strict=True)
    ]
    shared = sum(change.from_holdback) + sum(change.recover_agencies) + change.unproven
    legs.append(debit(community(agreement), shared))
    legs.append(debit(state(agreement), sum(falls) - shared))
    return JournalSpec(
        id=f"{determination}:revise", kind="dividend.revise", effective_on=on,
        legs=_legs(*legs), maker=maker, checker=checker, group=agreement,
        reason="result revised after late returns",
    )  # fmt: skip
