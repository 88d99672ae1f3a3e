"""What each event of a booking posts: legs and the accounts they need (K11).

GBP in pence, MIN in space minutes (a minute of one part of a building); each balances by
itself. Subsidy is recognised on use, never on booking, and list = income + forgone exactly.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ledger.books.rules import AccountSpec, Leg, credit, debit

VAT_OUTPUT: Final = "Liabilities:VATOutput"
BANK: Final = "Assets:Bank:Hire"
_MINUTES: Final = "Expenses:Minutes"


@dataclass(frozen=True, slots=True)
class Hire:
    """One occurrence as the books see it. ``hirer`` is a group's or a person's reference."""

    occurrence: str
    asset: str
    hirer: str
    policy: str
    user_class: str
    net_pence: int
    list_pence: int
    vat_pence: int
    space_minutes: int

    @property
    def subsidy_pence(self) -> int:
        """List less charged."""
        return self.list_pence - self.net_pence


Legs = tuple[Leg, ...]


def available(asset: str) -> str:
    """Minutes of an asset that the public may still use this month."""
    return f"Assets:Minutes:Available:{asset}"


def endowment(asset: str) -> str:
    """Minutes that the public was given."""
    return f"Equity:Minutes:PublicEndowment:{asset}"


def unused(asset: str) -> str:
    """Minutes that nobody used."""
    return f"{_MINUTES}:Unused:{asset}"


def closed(asset: str) -> str:
    """Minutes in which the building was closed although it should have been open."""
    return f"{_MINUTES}:Closed:{asset}"


def no_show(asset: str) -> str:
    """Minutes that were booked and not used."""
    return f"{_MINUTES}:NoShow:{asset}"


def minutes_used(hire: Hire) -> str:
    """Where used minutes go by the class of the booking: community, council or commercial."""
    if hire.user_class == "community":
        return f"{_MINUTES}:CommunityUse:{hire.hirer}:{hire.asset}"
    own = "CouncilOwnUse" if hire.user_class == "council" else "Commercial"
    return f"{_MINUTES}:{own}:{hire.asset}"


def receivable(hirer: str) -> str:
    """What a hirer owes."""
    return f"Assets:Receivable:{hirer}"


def refund_payable(hirer: str) -> str:
    """What is owed back to a hirer."""
    return f"Liabilities:RefundPayable:{hirer}"


def deferred(occurrence: str) -> str:
    """Hire charged for an occurrence that has not been yet."""
    return f"Liabilities:DeferredHire:{occurrence}"


def hire_income(asset: str) -> str:
    """Hire earned."""
    return f"Income:Hire:{asset}"


def hire_forgone(asset: str) -> str:
    """Hire that the list price would have brought."""
    return f"Income:HireForgone:{asset}"


def no_show_income(asset: str) -> str:
    """Hire kept although nobody came."""
    return f"Income:NoShow:{asset}"


def cancellation_income(asset: str) -> str:
    """The part kept of what a hirer cancelled late."""
    return f"Income:Cancellation:{asset}"


def subsidy_given(hire: Hire) -> str:
    """What a policy gave to a hirer: the meter of subsidy by enterprise."""
    return f"Expenses:SubsidyGiven:{hire.policy}:{hire.hirer}"


def subsidy_wasted(hire: Hire) -> str:
    """What a policy gave for a room that stood empty."""
    return f"Expenses:SubsidyWasted:{hire.policy}:{hire.hirer}"


def spec(path: str) -> AccountSpec:
    """The account at a path: minutes or money by its name; deferred hire never overdrawn."""
    unit = "MIN" if path.split(":")[1] == "Minutes" else "GBP"
    guard = "C" if path.startswith("Liabilities:DeferredHire:") else "N"
    return AccountSpec(path, unit=unit, guard=guard)  # type: ignore[arg-type]


def _legs(*legs: Leg) -> Legs:
    return tuple(leg for leg in legs if leg.quantity)


def month_opens(asset: str, space_minutes: int) -> Legs:
    """The month's public minutes become available."""
    return _legs(debit(available(asset), space_minutes), credit(endowment(asset), space_minutes))


def month_closes(asset: str, *, left: int, closed_minutes: int) -> Legs:
    """What is left goes to Closed and Unused, so that Available is zero.

    Use beyond what was endowed (``left`` below zero) is endowed now.
    """
    if left < 0:
        return _legs(debit(available(asset), -left), credit(endowment(asset), -left))
    shut = min(left, closed_minutes)
    return _legs(
        debit(closed(asset), shut), debit(unused(asset), left - shut),
        credit(available(asset), left),
    )  # fmt: skip


def confirmed(hire: Hire) -> Legs:
    """The hirer owes the price and its tax; the price is not income until the hall is used."""
    return _legs(
        debit(receivable(hire.hirer), hire.net_pence + hire.vat_pence),
        credit(deferred(hire.occurrence), hire.net_pence),
        credit(VAT_OUTPUT, hire.vat_pence),
    )


def paid(hirer: str, quantity_pence: int, *, still_owed: int) -> Legs:
    """The hirer paid: what was owed is less, and anything over that is owed back."""
    settled = min(quantity_pence, max(0, still_owed))
    return _legs(
        debit(BANK, quantity_pence),
        credit(receivable(hirer), settled),
        credit(refund_payable(hirer), quantity_pence - settled),
    )


def used(hire: Hire, *, from_account: str) -> Legs:
    """Use proved: income, subsidy and minutes. ``from_account`` is Available, or Unused once
    the month was closed.
    """
    return _legs(
        debit(deferred(hire.occurrence), hire.net_pence),
        debit(subsidy_given(hire), hire.subsidy_pence),
        credit(hire_income(hire.asset), hire.net_pence),
        credit(hire_forgone(hire.asset), hire.subsidy_pence),
        debit(minutes_used(hire), hire.space_minutes),
        credit(from_account, hire.space_minutes),
    )


def not_shown(hire: Hire, *, from_account: str) -> Legs:
    """Nobody came: what was charged is kept, the subsidy was wasted, the minutes are lost."""
    return _legs(
        debit(deferred(hire.occurrence), hire.net_pence),
        debit(subsidy_wasted(hire), hire.subsidy_pence),
        credit(no_show_income(hire.asset), hire.net_pence),
        credit(hire_forgone(hire.asset), hire.subsidy_pence),
        debit(no_show(hire.asset), hire.space_minutes),
        credit(from_account, hire.space_minutes),
    )


def cancelled(hire: Hire, *, kept: int, kept_vat: int, still_owed: int) -> Legs:
    """A date is cancelled: ``kept`` of the price is income, the rest is not owed any more, or
    owed back when it was paid. All in pence.
    """
    back = hire.net_pence - kept + hire.vat_pence - kept_vat
    unpaid = min(back, max(0, still_owed))
    return _legs(
        debit(deferred(hire.occurrence), hire.net_pence),
        debit(VAT_OUTPUT, hire.vat_pence - kept_vat),
        credit(cancellation_income(hire.asset), kept),
        credit(receivable(hire.hirer), unpaid),
        credit(refund_payable(hire.hirer), back - unpaid),
    )
