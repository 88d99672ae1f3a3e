"""From events avoided to pence for each party (D8 to D11, D15, D16)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from ledger.dividends.rules.terms import WHOLE_BP, Agency, Terms
from ledger.kernel.money import half_even, split
from ledger.outcomes.rules.verdict import Result


@dataclass(frozen=True, slots=True)
class Award:
    """What a determination pays, in pence. Lists follow the order of agencies and payees."""

    savings: tuple[int, ...]
    awards: tuple[int, ...]
    holdbacks: tuple[int, ...]
    payables: tuple[int, ...]
    capped_pence: int

    @property
    def saving_pence(self) -> int:
        """The whole saving."""
        return sum(self.savings)

    @property
    def award_pence(self) -> int:
        """What the community is awarded, holdback included."""
        return sum(self.awards)

    @property
    def holdback_pence(self) -> int:
        """What waits for the revision window."""
        return sum(self.holdbacks)


def share(quantity: Fraction | int, share_bp: int) -> Fraction:
    """That many basis points of a quantity, exactly."""
    return Fraction(quantity) * Fraction(share_bp, WHOLE_BP)


def savings(avoided: Fraction, terms: Terms) -> tuple[int, ...]:
    """D8, D9: each agency's saving in pence, of the part of the saving that is claimed."""
    if avoided <= 0:
        return (0,) * len(terms.agencies)
    claimed = share(avoided, terms.claim_bp)
    return tuple(half_even(claimed * agency.saved_pence) for agency in terms.agencies)


def slab_share(fall: Fraction, slabs: Sequence[tuple[int, int]], *, flat_bp: int) -> Fraction:
    """The part of the whole saving that is paid, where each slab of the fall has its own share.

    A slab is (from which fall, which share), both in basis points. The share counts on the
    margin, so that one event more or less never moves a cliff.
    """
    if not slabs or fall <= 0:
        return Fraction(flat_bp, WHOLE_BP)
    paid = Fraction(0)
    ends = [Fraction(start, WHOLE_BP) for start, _ in slabs[1:]] + [fall]
    for (start_bp, share_bp), end in zip(slabs, ends, strict=True):
        width = min(fall, end) - Fraction(start_bp, WHOLE_BP)
        if width > 0:
            paid += share(width, share_bp)
    return paid / fall


def award_of(
    *, result: Result, avoided: Fraction, fall: Fraction, terms: Terms,
    available: Sequence[int],
) -> Award:  # fmt: skip
    """What is paid for a result. ``available`` is what each agency still has reserved (pence)."""
    saved = savings(avoided, terms)
    nothing = (0,) * len(terms.agencies)
    if not result.pays:
        return Award(saved, nothing, nothing, (0,) * len(terms.payees), 0)
    part = slab_share(fall, terms.slabs, flat_bp=terms.community_bp)
    wanted = [half_even(part * saving) for saving in saved]
    awards = capped(wanted, cap=terms.cap_pence, available=available)
    held_bp = terms.holdback_bp if result is Result.MET_ASSURED else terms.holdback_provisional_bp
    held = tuple(half_even(share(award, held_bp)) for award in awards)
    return Award(
        savings=saved,
        awards=awards,
        holdbacks=held,
        payables=to_payees(sum(awards) - sum(held), terms),
        capped_pence=sum(wanted) - sum(awards),
    )


def capped(wanted: Sequence[int], *, cap: int, available: Sequence[int]) -> tuple[int, ...]:
    """D10: amounts cut to the cap in proportion, and each to what its agency has."""
    total = sum(wanted)
    within = split(cap, wanted) if total > cap else list(wanted)
    return tuple(min(award, most) for award, most in zip(within, available, strict=True))


def to_payees(quantity_pence: int, terms: Terms) -> tuple[int, ...]:
    """D9: pence split over the payees by weight, the rest to the largest remainders."""
    return tuple(split(quantity_pence, [payee.weight for payee in terms.payees]))


@dataclass(frozen=True, slots=True)
class Correction:
    """What a lower result after payment takes back, in pence.

    ``from_holdback`` and ``recover_agencies`` follow the agencies, ``recover_payees`` the
    payees; ``unproven`` was paid without proof and cannot be had back.
    """

    from_holdback: tuple[int, ...]
    recover_agencies: tuple[int, ...]
    recover_payees: tuple[int, ...]
    unproven: int


def correct_down(
    *, old: Sequence[int], new: Sequence[int], holdbacks: Sequence[int], paid_pence: int,
    terms: Terms,
) -> Correction:  # fmt: skip
    """D16: the holdback first, then payees up to the cap of what they were paid."""
    falls = [max(0, before - after) for before, after in zip(old, new, strict=True)]
    held = [min(fall, most) for fall, most in zip(falls, holdbacks, strict=True)]
    rest = [fall - taken for fall, taken in zip(falls, held, strict=True)]
    most = half_even(share(paid_pence, terms.clawback_bp))
    due = sum(rest)
    recovered = split(most, rest) if due > most else rest
    return Correction(
        from_holdback=tuple(held),
        recover_agencies=tuple(recovered),
        recover_payees=to_payees(min(due, most), terms),
        unproven=max(0, due - most),
    )


def pays_per_event(agencies: Sequence[Agency]) -> Fraction:
    """What one event less saves all agencies together, exactly, in pence."""
    return sum((agency.saved_pence for agency in agencies), Fraction(0))


def assured_pence(*, counterfactual: Fraction, upper: Fraction, terms: Terms) -> int:
    """The amount that follows the bound of the proof, so that no single event is a cliff."""
    certain = counterfactual * max(Fraction(0), 1 - upper)
    return half_even(share(certain * pays_per_event(terms.agencies), terms.community_bp))
