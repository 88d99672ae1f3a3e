"""Rules of match offers: pure decisions from facts. Quantities are whole pence.

F1  An offer is a pot above zero, a rate of two whole numbers above zero, a cap for each donor
    and a cap for each pledge, neither above the pot.
F2  Whoever proposes an offer cannot approve it: two other people do, within their limits.
F3  The match on a gift is rounded down to the penny, and never above what is left of the
    donor's cap, of the pledge's reservation, or of the pot.
F4  A reservation takes at most the pledge's cap and at most what is free of the pot; once made
    it cannot be revoked, even when the offer is closed. A pledge has one match offer.
F5  What a reservation has not earned returns to the pot when the pledge's collection ends.
F6  An offer goes PROPOSED, APPROVED, FUNDED, CLOSED; a reservation RESERVED, then EARNED (some
    or all of it) or RETURNED (none of it).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ledger.books.rules import AccountSpec, Leg, credit, debit
from ledger.kernel import limits
from ledger.kernel.errors import Kind, LedgerError
from ledger.kernel.money import format_pence

BANK: Final = "Assets:Bank:Client"
OFFER_MOVES: Final = {
    "PROPOSED": frozenset({"APPROVED", "CLOSED"}),
    "APPROVED": frozenset({"FUNDED", "CLOSED"}),
    "FUNDED": frozenset({"CLOSED"}),
    "CLOSED": frozenset[str](),
}
RESERVATION_STATES: Final = ("RESERVED", "EARNED", "RETURNED")


class OfferRefused(LedgerError):
    """An offer whose figures do not fit together."""

    code = "funds.offer_refused"
    title = "That offer cannot be made"


class OfferNotReady(LedgerError):
    """The offer is not at the step that this needs."""

    code = "funds.offer_not_ready"
    kind = Kind.CONFLICT
    title = "The offer is not ready for that"


class PotEmpty(LedgerError):
    """Nothing of the pot is free."""

    code = "funds.pot_empty"
    kind = Kind.CONFLICT
    title = "The match pot is empty"


class ReservationMissing(LedgerError):
    """The offer sets nothing aside for this pledge."""

    code = "funds.no_reservation"
    kind = Kind.MISSING
    title = "Nothing is reserved"


@dataclass(frozen=True, slots=True)
class OfferTerms:
    """What an institution promises: pence of match for pence of gift, within three caps."""

    pot_pence: int
    rate_match: int
    rate_gift: int
    donor_pence_max: int
    pledge_pence_max: int


def check_terms(terms: OfferTerms) -> None:
    """F1.

    Raises:
        OfferRefused: naming the figure that does not fit.
    """
    problems = []
    if not 0 < terms.pot_pence <= limits.QUANTITY_MAX:
        problems.append(("the pot must be above zero", "pot_pence"))
    if not (0 < terms.rate_match <= 1000 and 0 < terms.rate_gift <= 1000):
        problems.append(("the rate is two whole numbers from 1 to 1,000", "rate_match"))
    if not 0 < terms.donor_pence_max <= terms.pot_pence:
        problems.append(
            ("the cap for each donor is above zero and within the pot", "donor_pence_max")
        )
    if not 0 < terms.pledge_pence_max <= terms.pot_pence:
        problems.append(
            ("the cap for each pledge is above zero and within the pot", "pledge_pence_max")
        )
    if problems:
        raise OfferRefused(
            f"These figures do not fit together: {'; '.join(words for words, _ in problems)}.",
            remedy="Correct the figures and propose the offer again.",
            place=problems[0][1],
        )


def gross_match(gift_pence: int, *, rate_match: int, rate_gift: int) -> int:
    """F3: what a gift would earn with no caps, rounded down to the penny."""
    return gift_pence * rate_match // rate_gift


def donor_match(gifts_pence: int, terms: OfferTerms) -> int:
    """F3: what all the gifts of one donor to one pledge earn at most, in pence."""
    gross = gross_match(gifts_pence, rate_match=terms.rate_match, rate_gift=terms.rate_gift)
    return min(gross, terms.donor_pence_max)


def earned_by(
    *, gifts_before_pence: int, gift_pence: int, earned_before_pence: int,
    reserved_left_pence: int, terms: OfferTerms,
) -> int:  # fmt: skip
    """F3: what one more gift earns, given the donor's earlier gifts to the same pledge.

    The donor's gifts are added up before rounding down, so that ten gifts of £1 earn as much
    as one of £10.
    """
    due = donor_match(gifts_before_pence + gift_pence, terms) - earned_before_pence
    return max(0, min(due, reserved_left_pence))


def reservable(*, free_pence: int, terms: OfferTerms) -> int:
    """F4: how much of the pot a pledge can have set aside.

    Raises:
        PotEmpty: nothing is free.
    """
    quantity = min(free_pence, terms.pledge_pence_max)
    if quantity <= 0:
        raise PotEmpty(
            f"The pot of {format_pence(terms.pot_pence)} is all set aside for other pledges.",
            remedy="Ask the council about another offer, or wait until some of it returns.",
        )
    return quantity


def held_account(offer: str) -> AccountSpec:
    """The free part of an offer's pot; it can never fall below zero."""
    return AccountSpec(f"Liabilities:MatchHeld:{offer}", guard="C")


def reserved_account(offer: str, pledge: str) -> AccountSpec:
    """What an offer has set aside for a pledge; it can never fall below zero."""
    return AccountSpec(f"Liabilities:MatchReserved:{pledge}:{offer}", guard="C")


def bank_account() -> AccountSpec:
    """Money held for others at the bank; it can never be overdrawn."""
    return AccountSpec(BANK, guard="D")


def funded(offer: str, pence: int) -> tuple[Leg, ...]:
    """Row 5: the institution's money arrives."""
    return (debit(BANK, pence), credit(held_account(offer).path, pence))


def reserved(offer: str, pledge: str, pence: int) -> tuple[Leg, ...]:
    """Row 5a: part of the pot is set aside for a pledge."""
    return (
        debit(held_account(offer).path, pence), credit(reserved_account(offer, pledge).path, pence)
    )  # fmt: skip


def earned(offer: str, pledge: str, escrow: str, pence: int) -> tuple[Leg, ...]:
    """Row 5b: a qualifying receipt earns its match into the pledge's escrow."""
    return (debit(reserved_account(offer, pledge).path, pence), credit(escrow, pence))


def returned(offer: str, pledge: str, pence: int) -> tuple[Leg, ...]:
    """Row 5c: what was not earned goes back to the pot."""
    return (
        debit(reserved_account(offer, pledge).path, pence), credit(held_account(offer).path, pence)
    )  # fmt: skip


def unwound(offer: str, pledge: str, escrow: str, pence: int) -> tuple[Leg, ...]:
    """Row 5d: a refund gives its share of the match back."""
    return (debit(escrow, pence), credit(reserved_account(offer, pledge).path, pence))
