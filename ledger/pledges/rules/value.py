"""The posting table of pledges, row by row: accounts and legs (pence, or minutes for hours).

Every function is one row of docs/rules.md. Promises are memo entries under ``Equity:Memo`` and
net to zero when a pledge ends (PL16); real money stands under Assets and Liabilities only.
"""

from __future__ import annotations

from collections.abc import Sequence

from ledger.books.rules import AccountSpec, Leg, credit, debit
from ledger.funds.rules import BANK
from ledger.kernel.money import format_pence, format_quantity, split
from ledger.pledges.rules.refusals import MoreThanDue, NotEnoughHeld

__all__ = [
    "collected", "commitment_accounts", "conditional", "defaulted", "defaulted_account", "due",
    "escrow", "escrow_conditional", "excused", "given", "given_extra", "hours_confirmed",
    "hours_due", "paid_ahead", "paid_group", "payable", "pledge_accounts",
    "prepaid_settled", "promise", "promise_ended", "promised", "receivable", "received",
    "refund", "refund_decided", "refund_paid", "released", "returns_to_paying",
    "share_of_refund", "split_receipt", "uncollected", "work_recorded", "written_off",
]  # fmt: skip

_HOURS = "HOUR"


def _memo(unit: str, name: str) -> str:
    return f"Equity:Memo:{'Hours' if unit == _HOURS else ''}{name}"


def promised(commitment: str, unit: str) -> str:
    """What one person has promised (memo)."""
    return f"{_memo(unit, 'Promised')}:{commitment}"


def conditional(pledge: str, unit: str) -> str:
    """What all have promised to a pledge (memo)."""
    return f"{_memo(unit, 'Conditional')}:{pledge}"


def due(commitment: str, unit: str) -> str:
    """What one person owes: pounds are a receivable, hours a memo."""
    return f"Equity:Memo:HoursDue:{commitment}" if unit == _HOURS else receivable(commitment)


def receivable(commitment: str) -> str:
    """Pounds that one person owes."""
    return f"Assets:Receivable:{commitment}"


def uncollected(pledge: str, unit: str = "GBP") -> str:
    """What a pledge expects and has not received."""
    return f"Equity:Memo:HoursExpected:{pledge}" if unit == _HOURS else (
        f"Liabilities:Uncollected:{pledge}"
    )  # fmt: skip


def defaulted_account(pledge: str, unit: str = "GBP") -> str:
    """What people owe a pledge and have not paid in time."""
    return f"Equity:Memo:HoursDefaulted:{pledge}" if unit == _HOURS else (
        f"Assets:Defaulted:{pledge}"
    )  # fmt: skip


def escrow(pledge: str) -> str:
    """Money held for a pledge that was reached."""
    return f"Liabilities:Escrow:{pledge}"


def escrow_conditional(pledge: str) -> str:
    """Money paid ahead, held until the pledge settles or lapses."""
    return f"Liabilities:EscrowConditional:{pledge}"


def refund(commitment: str) -> str:
    """Money that is owed back to one person."""
    return f"Liabilities:Refund:{commitment}"


def payable(pledge: str) -> str:
    """Money released to the group and not yet paid out."""
    return f"Liabilities:PayableGroup:{pledge}"


def received(pledge: str) -> str:
    """Hours that a pledge has been given."""
    return f"Equity:Hours:Received:{pledge}"


def given(commitment: str) -> str:
    """Hours that one person has given: the member's time balance."""
    return f"Equity:Hours:Given:{commitment}"


def pledge_accounts(pledge: str, unit: str) -> list[AccountSpec]:
    """The accounts that a pledge needs from the day it opens."""
    specs = [
        AccountSpec(conditional(pledge, unit), unit=unit, guard="C"),
        AccountSpec(uncollected(pledge, unit), unit=unit, guard="C"),
        AccountSpec(defaulted_account(pledge, unit), unit=unit, guard="D"),
    ]
    if unit == _HOURS:
        return [*specs, AccountSpec(received(pledge), unit=unit, guard="D")]
    return [
        *specs,
        AccountSpec(escrow(pledge), guard="C"),
        AccountSpec(escrow_conditional(pledge), guard="C"),
        AccountSpec(payable(pledge), guard="C"),
        AccountSpec(BANK, guard="D"),
    ]


def commitment_accounts(commitment: str, unit: str, *, owner: str) -> list[AccountSpec]:
    """The accounts that a confirmed commitment needs; their owner is the person's pseudonym."""
    specs = [
        AccountSpec(promised(commitment, unit), unit=unit, guard="D", owner=owner),
        AccountSpec(due(commitment, unit), unit=unit, guard="D", owner=owner),
    ]
    if unit == _HOURS:
        return [*specs, AccountSpec(given(commitment), unit=unit, guard="C", owner=owner)]
    return [*specs, AccountSpec(refund(commitment), guard="C", owner=owner)]


def promise(pledge: str, commitment: str, unit: str, quantity: int) -> tuple[Leg, ...]:
    """Rows 1 and H1: a promise, as a memo."""
    return (
        debit(promised(commitment, unit), quantity),
        credit(conditional(pledge, unit), quantity),
    )


def promise_ended(pledge: str, commitment: str, unit: str, quantity: int) -> tuple[Leg, ...]:
    """Rows 1a, 3 and the mirror of H1: the memo goes out."""
    return (
        debit(conditional(pledge, unit), quantity),
        credit(promised(commitment, unit), quantity),
    )


def paid_ahead(pledge: str, quantity: int) -> tuple[Leg, ...]:
    """Row 2: paid before the pledge settles."""
    return (debit(BANK, quantity), credit(escrow_conditional(pledge), quantity))


def hours_due(pledge: str, commitment: str, unit: str, quantity: int) -> tuple[Leg, ...]:
    """Rows 3a and H2: what was promised falls due."""
    return (debit(due(commitment, unit), quantity), credit(uncollected(pledge, unit), quantity))


def prepaid_settled(pledge: str, quantity: int) -> tuple[Leg, ...]:
    """Row 3b: what was paid ahead becomes the pledge's."""
    return (debit(escrow_conditional(pledge), quantity), credit(escrow(pledge), quantity))


def collected(pledge: str, commitment: str, quantity: int) -> tuple[Leg, ...]:
    """Rows 4 and 4a as one journal: a receipt pays what is due and is held in escrow."""
    return (
        debit(BANK, quantity), credit(receivable(commitment), quantity),
        debit(uncollected(pledge), quantity), credit(escrow(pledge), quantity),
    )  # fmt: skip


def given_extra(pledge: str, quantity: int) -> tuple[Leg, ...]:
    """Row 4x: more than was promised, accepted, held in escrow."""
    return (debit(BANK, quantity), credit(escrow(pledge), quantity))


def released(pledge: str, quantity: int) -> tuple[Leg, ...]:
    """Row 6: a milestone is released."""
    return (debit(escrow(pledge), quantity), credit(payable(pledge), quantity))


def paid_group(pledge: str, quantity: int) -> tuple[Leg, ...]:
    """Row 6a: the group is paid."""
    return (debit(payable(pledge), quantity), credit(BANK, quantity))


def refund_decided(held: str, commitment: str, quantity: int) -> tuple[Leg, ...]:
    """Row 7: a refund is owed, out of escrow or out of what was paid ahead."""
    return (debit(held, quantity), credit(refund(commitment), quantity))


def refund_paid(commitment: str, quantity: int) -> tuple[Leg, ...]:
    """Row 7a: the refund is paid."""
    return (debit(refund(commitment), quantity), credit(BANK, quantity))


def defaulted(pledge: str, commitment: str, unit: str, quantity: int) -> tuple[Leg, ...]:
    """Rows 8 and H4: unpaid after all reminders."""
    return (
        debit(defaulted_account(pledge, unit), quantity),
        credit(due(commitment, unit), quantity),
    )


def returns_to_paying(pledge: str, commitment: str, unit: str, quantity: int) -> tuple[Leg, ...]:
    """Row 8a, first part: a late payer returns; the mirror of row 8."""
    return (
        debit(due(commitment, unit), quantity),
        credit(defaulted_account(pledge, unit), quantity),
    )


def written_off(pledge: str, unit: str, quantity: int) -> tuple[Leg, ...]:
    """Row 8a, second part, and H4: a default is written off."""
    return (
        debit(uncollected(pledge, unit), quantity), credit(defaulted_account(pledge, unit), quantity)
    )  # fmt: skip


def excused(pledge: str, commitment: str, unit: str, quantity: int) -> tuple[Leg, ...]:
    """Rows 8b and H4: what is due is forgiven, or the pledge is dissolved before payment."""
    return (debit(uncollected(pledge, unit), quantity), credit(due(commitment, unit), quantity))


def hours_confirmed(pledge: str, commitment: str, minutes: int) -> tuple[Leg, ...]:
    """Row H3: both sides confirm; what is due falls."""
    return (
        debit(uncollected(pledge, _HOURS), minutes), credit(due(commitment, _HOURS), minutes)
    )  # fmt: skip


def work_recorded(pledge: str, commitment: str, minutes: int) -> tuple[Leg, ...]:
    """Row H3a: the work is recorded in the member's time balance."""
    return (debit(received(pledge), minutes), credit(given(commitment), minutes))


def split_receipt(quantity: int, *, owed: int, accept_extra: bool) -> tuple[int, int]:
    """PL10: how much of a receipt pays what is owed, and how much is extra (pence).

    Raises:
        MoreThanDue: there is extra and it was not accepted.
    """
    due_part = min(quantity, owed)
    more = quantity - due_part
    if more and not accept_extra:
        raise MoreThanDue(
            f"{format_pence(quantity)} is {format_pence(more)} more than the"
            f" {format_pence(owed)} that is due.",
            remedy="Record the amount that is due and send the rest back, or accept it as extra.",
            place="quantity",
        )
    return due_part, more


def share_of_refund(held: int, *, gifts: Sequence[int], matched: int) -> tuple[list[int], int]:
    """PL13: what is held, shared among the gifts and the match that made it (pence).

    When nothing was spent everybody gets all of it back; otherwise each gets a part in
    proportion, by largest remainder.

    Raises:
        NotEnoughHeld: more is held than was given, which no event can explain.
    """
    whole = sum(gifts) + matched
    if held > whole:
        raise NotEnoughHeld(
            f"{format_quantity(held, 'GBP')} is held but only"
            f" {format_quantity(whole, 'GBP')} was given.",
            remedy="Ask the auditor to look at this pledge before any refund.",
        )
    if whole == 0:
        return [0 for _ in gifts], 0
    parts = split(held, [*gifts, matched])
    return parts[:-1], parts[-1]
