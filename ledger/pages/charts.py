"""Where the lines of a chart go: whole-number coordinates for a server-drawn picture.

A chart is drawn without script and prints as it looks. Values may be ``int`` or ``Fraction``;
``None`` (not known, or suppressed) leaves a gap.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

WIDTH = 720
HEIGHT = 330
LEFT = 64
RIGHT = 700
RIGHT_OF_LABELLED = 572
TOP = 24
BOTTOM = 280
TICKS_X_MAX = 8
LETTER = 8
LABEL_ROWS = 34


@dataclass(frozen=True, slots=True)
class Dot:
    """One value on the chart: its place in picture units and its words."""

    x: int
    y: int
    label: str
    shown: str


@dataclass(frozen=True, slots=True)
class Line:
    """A level line across the chart, such as the line to cross."""

    y: int
    text_y: int
    label: str
    kind: str


@dataclass(frozen=True, slots=True)
class Plot:
    """A run chart, ready to draw."""

    dots: list[Dot]
    paths: list[str]
    lines: list[Line]
    ticks_y: list[tuple[int, str]]
    ticks_x: list[tuple[int, str]]
    shade: tuple[int, int] | None
    right: int


def plot(
    points: Sequence[Any], lines: Sequence[Any] = (), shade: tuple[int, int] | None = None
) -> Plot:
    """Place points ``(label, value[, shown])`` and lines ``(label, value[, kind])``.

    ``shade`` is the first and last index of the points to shade, such as the baseline.
    """
    values = [point[1] for point in points if point[1] is not None]
    values += [line[1] for line in lines]
    step = _step(max([Fraction(value) for value in values], default=Fraction(1)))
    top = step * max(1, -(-max([Fraction(v) for v in values], default=Fraction(1)) // step))
    right = RIGHT_OF_LABELLED if lines else RIGHT
    dots = [
        Dot(_x(at, len(points), right), _y(point[1], top), str(point[0]), _shown(point))
        for at, point in enumerate(points)
        if point[1] is not None
    ]
    every = _every(points, right)
    return Plot(
        dots=dots,
        paths=_paths(points, top, right),
        lines=_lines(lines, top),
        ticks_y=[(_y(step * n, top), _number(step * n)) for n in range(int(top / step) + 1)],
        ticks_x=[
            (_x(at, len(points), right), str(point[0]))
            for at, point in enumerate(points)
            if at % every == 0
        ],
        shade=(_x(shade[0], len(points), right), _x(shade[1], len(points), right))
        if shade
        else None,
        right=right,
    )


def _every(points: Sequence[Any], right: int) -> int:
    """Name every how many-th period, so that the names neither crowd nor touch."""
    room = (right - LEFT - 28) // max(1, len(points) - 1)
    longest = max((len(str(point[0])) for point in points), default=0) * LETTER + LETTER
    return max(1, -(-len(points) // TICKS_X_MAX), -(-longest // max(1, room)))


def _paths(points: Sequence[Any], top: Fraction, right: int) -> list[str]:
    paths: list[str] = []
    run: list[str] = []
    for at, point in enumerate(points):
        if point[1] is None:
            paths.append(" ".join(run))
            run = []
            continue
        run.append(f"{_x(at, len(points), right)},{_y(point[1], top)}")
    return [path for path in [*paths, " ".join(run)] if " " in path]


def _lines(lines: Sequence[Any], top: Fraction) -> list[Line]:
    drawn: list[Line] = []
    for line in sorted(lines, key=lambda one: Fraction(one[1]), reverse=True):
        y = _y(line[1], top)
        text_y = max(y, drawn[-1].text_y + LABEL_ROWS) if drawn else y
        drawn.append(Line(y, text_y, str(line[0]), line[2] if len(line) > 2 else "threshold"))
    return drawn


def _x(at: int, count: int, right: int) -> int:
    return LEFT + 14 + (right - LEFT - 28) * at // max(1, count - 1)


def _y(value: int | Fraction, top: Fraction) -> int:
    return BOTTOM - round(Fraction(value) / top * (BOTTOM - TOP))


def _step(largest: Fraction) -> Fraction:
    """A round distance between level marks, for about five marks."""
    step = Fraction(1)
    while largest / step > 50:
        step *= 10
    while largest / step < 5 and step > Fraction(1, 10**6):
        step /= 10
    for factor in (1, 2, 5, 10):
        if largest / (step * factor) <= 6:
            return step * factor
    return step * 10


def _number(value: Fraction) -> str:
    if value.denominator == 1:
        return f"{int(value):,}"
    tenths = 1
    while (value * 10**tenths).denominator != 1:
        tenths += 1
    whole, part = divmod(int(value * 10**tenths), 10**tenths)
    return f"{whole}.{part:0{tenths}d}"


def _shown(point: Sequence[Any]) -> str:
    return str(point[2]) if len(point) > 2 and point[2] != "" else str(point[1])
