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
    spread = max(ONE, spread)
    if counts.fall < threshold or counts.fall <= 0:
        result = Result.WORSE if counts.fall < 0 else Result.NOT_MET
        return _verdict(counts, result, spread, None, None)
    chance = careful_p_value(counts, spread=spread)
    if chance > alpha:
        return _verdict(counts, Result.NOT_PROVEN, spread, chance, None)
    target = careful_p_value(counts, spread=spread, null=ONE - threshold)
    result = Result.MET_ASSURED if target <= alpha_target else Result.MET_PROVISIONAL
    return _verdict(counts, result, spread, chance, target)


def _verdict(
    counts: Counts, result: Result, spread: Fraction, chance: Fraction | None,
    target: Fraction | None,
) -> Verdict:  # fmt: skip
    return Verdict(
        result, counts.counterfactual, counts.avoided, counts.fall, spread, chance, target
    )
