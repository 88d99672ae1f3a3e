"""The gate: what a period's counts prove (O1 to O5)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from ledger.outcomes.rules.exact import ONE, Counts
from ledger.outcomes.rules.spread import careful_p_value


class Result(StrEnum):
    """What a determination says."""

    WORSE = "WORSE"
    NOT_MET = "NOT_MET"
    NOT_PROVEN = "NOT_PROVEN"
    MET_PROVISIONAL = "MET_PROVISIONAL"
    MET_ASSURED = "MET_ASSURED"

    @property
    def pays(self) -> bool:
        """Whether money follows."""
        return self in (Result.MET_PROVISIONAL, Result.MET_ASSURED)


@dataclass(frozen=True, slots=True)
class Verdict:
    """The result with every number that led to it, exactly.

    ``p`` is the chance of so few events with no change, ``p_target`` with a fall that only
    just misses more than the threshold; both None where an earlier step decided.
    """

    result: Result
    counterfactual: Fraction
    avoided: Fraction
    fall: Fraction
    spread: Fraction
    p: Fraction | None
    p_target: Fraction | None


def judge(
    counts: Counts, *, threshold: Fraction, alpha: Fraction, alpha_target: Fraction,
    spread: Fraction = ONE,
) -> Verdict:  # fmt: skip
    """T2 the fall meets the threshold; T3 chance is ruled out; T4 the target is assured.

    ``threshold``, ``alpha`` and ``alpha_target`` are fractions of one.
    """
    spread, fall, expected = max(ONE, spread), counts.fall, counts.counterfactual
    chance = target = None
    if fall < threshold or fall <= 0:
        result = Result.WORSE if fall < 0 else Result.NOT_MET
    else:
        chance = careful_p_value(counts, spread=spread)
        result = Result.NOT_PROVEN
    if chance is not None and chance <= alpha:
        target = careful_p_value(counts, spread=spread, null=ONE - threshold)
        result = Result.MET_ASSURED if target <= alpha_target else Result.MET_PROVISIONAL
    return Verdict(result, expected, expected - counts.after, fall, spread, chance, target)
