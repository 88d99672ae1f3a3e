"""An agreement's run chart: counts over time with the line to cross."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from sqlalchemy.orm import Session

from ledger.dividends.queries import AgreementView
from ledger.dividends.rules import showing
from ledger.outcomes import queries as outcomes
from ledger.outcomes.rules.exact import decimal_text
from ledger.outcomes.rules.windows import YEAR_MONTHS, plus_months

HIDDEN = "not published: too few"


@dataclass(slots=True)
class Chart:
    """What the run chart macro is given."""

    points: list[tuple[str, int | None, str]] = field(default_factory=list)
    lines: list[tuple[str, Fraction, str]] = field(default_factory=list)
    shade: tuple[int, int] | None = None
    step_words: str = ""
    desc: str = "There are no readings yet."


def chart_of(session: Session, view: AgreementView, *, public: bool) -> Chart:
    """The counts of the area from the baseline on, in steps that show no small count."""
    terms = view.terms
    series = outcomes.series_of(session, measure_version=terms.measure_version)
    last = plus_months(terms.first_period_from, YEAR_MONTHS * terms.periods - 1)
    found = outcomes.readings(
        session, series=[series[terms.area]], from_on=terms.baseline_from, to_on=last
    ).get(series[terms.area], [])
    counts = [one.value for one in found]
    whole = len(counts) - len(counts) % 3
    if not whole:
        return Chart()
    steps = showing.chart_steps(terms.baseline_from, counts[:whole], public=public)
    months = steps[0].months
    before = sum(counts[: terms.baseline_months])
    shown = [step.value for step in steps if step.value is not None]
    chart = Chart(
        points=[
            (step.label, step.value, "" if step.value is not None else HIDDEN) for step in steps
        ],
        step_words={3: "quarter", 6: "half-year", 12: "year"}[months],
        shade=(0, max(0, min(len(steps), terms.baseline_months // months) - 1)),
    )
    if shown and not (public and before <= 4):
        chart.lines = _lines(before, view, months)
    chart.desc = _described(chart, shown)
    return chart


def _lines(before: int, view: AgreementView, months: int) -> list[tuple[str, Fraction, str]]:
    line = showing.line_to_cross(before, view.terms, months=months)
    mean = Fraction(before * months, view.terms.baseline_months)
    return [
        (f"Line to cross: {decimal_text(line, places=1)}", line, "threshold"),
        (f"Average before: {decimal_text(mean, places=1)}", mean, "baseline"),
    ]


def _described(chart: Chart, shown: list[Any]) -> str:
    if not shown:
        return "The counts are too small to publish."
    return (
        f"Counts by {chart.step_words}, from {shown[0]:,} at first to {shown[-1]:,} at last."
        " The line to cross is where the target is met if other areas stay as they were."
    )
