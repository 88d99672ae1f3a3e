"""Taking turns, medians, and the memory a run needed at most."""

from __future__ import annotations

import resource
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field


@dataclass(frozen=True, slots=True)
class Row:
    """One result: ours beside the yardstick; ``ratio`` 1.0 means as fast as bare."""

    name: str
    engine: str
    value: float
    unit: str
    yardstick: str
    ratio: float
    rss_mb: int
    bare: float = 0.0
    more: dict[str, float] = field(default_factory=dict)

    def as_json(self) -> dict[str, object]:
        """As a row of the JSON file."""
        return asdict(self)

    def line(self) -> str:
        """As a line of the table."""
        more = "  ".join(f"{name}={value:,.3g}" for name, value in self.more.items())
        return (
            f"{self.name:<22} {self.engine:<11} {_figure(self.value):>12} {self.unit:<12}"
            f" ratio {_ratio(self.ratio):>6}  bare {_figure(self.bare):>12}"
            f"  {self.rss_mb:>4} MB  ({self.yardstick}) {more}"
        )


def _figure(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:,.3f}"


def _ratio(value: float) -> str:
    return f"{value:.2f}" if value >= 0.1 else f"{value:.4f}"


def rss_mb() -> int:
    """The most memory this process has needed so far, in megabytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak // (1024 * 1024 if sys.platform == "darwin" else 1024)


def progress(words: str) -> None:
    """Say what is going on, on a terminal's line of its own."""
    print(f"  … {words}", file=sys.stderr, flush=True)


def seconds(act: Callable[[], object]) -> float:
    """How long one act takes."""
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


@dataclass(frozen=True, slots=True)
class Turns:
    """What two acts did in turn: things a second, median of the rounds, and ours to bare."""

    ours: float
    bare: float
    ratio: float


def in_turn(
    ours: Callable[[], object], bare: Callable[[], object], *, things: int, rounds: int
) -> Turns:
    """Let both do the same number of things, in turn; the ratio is the median of the rounds'."""
    ours()
    bare()
    pairs = [(seconds(ours), seconds(bare)) for _ in range(rounds)]
    return Turns(
        things / statistics.median(mine for mine, _ in pairs),
        things / statistics.median(theirs for _, theirs in pairs),
        statistics.median(theirs / mine for mine, theirs in pairs),
    )


def rate_row(
    name: str, engine: str, turns: Turns, *, unit: str, yardstick: str, **more: float
) -> Row:
    """A row of things a second."""
    return Row(name, engine, turns.ours, unit, yardstick, turns.ratio, rss_mb(), turns.bare, more)


def time_row(
    name: str, engine: str, turns: Turns, *, yardstick: str, unit: str = "ms", **more: float
) -> Row:
    """A row of milliseconds for one thing; the ratio is bare to ours."""
    return Row(
        name, engine, 1000 / turns.ours, unit, yardstick, turns.ratio, rss_mb(),
        1000 / turns.bare, more,
    )  # fmt: skip
