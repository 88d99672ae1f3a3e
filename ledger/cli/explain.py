"""``flask ledger explain``: why a figure of an old report is not the figure of today."""

from __future__ import annotations

from datetime import date
from typing import Any

import click

from ledger.cli import ledger_group
from ledger.cli.books import DAY, INSTANT, this_book
from ledger.cli.values import Whole
from ledger.closing import queries
from ledger.closing.queries import Explained, Report, Restatement, Window
from ledger.closing.rules import HELD, Change, Key, Moment
from ledger.kernel.clock import from_microseconds
from ledger.kernel.db import transaction
from ledger.kernel.limits import PAGE_ROWS_MAX
from ledger.kernel.money import format_quantity

_CLOSE = "close:"


class Known(click.ParamType[Moment]):
    """Which report: ``now``, an instant in UTC, or ``close:41`` for what journal 41 closed."""

    name = "report"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> Moment:
        """Read it, or say how it is written."""
        if isinstance(value, Moment):
            return value
        if value == "now":
            return Moment()
        if value.startswith(_CLOSE):
            return Moment(close=Whole(1).convert(value.removeprefix(_CLOSE), param, ctx))
        return Moment(known_at=INSTANT.convert(value, param, ctx))


@ledger_group.command("explain")
@click.option("--period", type=Whole(1), default=None, help="The number of a period.")
@click.option("--on", "--as-at", "day", type=DAY, default=None, help="Or all up to this day's end.")
@click.option("--first", type=Known(), required=True, help="An instant, close:NUMBER, or now.")
@click.option("--second", type=Known(), default="now", help="The same; now when it is left out.")
@click.option("--account", default="", help="Only the journals that touch this account.")
@click.option("--after", default=0, type=Whole(), help="Begin after this journal.")
@click.option("--rows", default=50, type=Whole(1, PAGE_ROWS_MAX), help="How many journals.")
def explain(
    period: int | None, day: date | None, first: Moment, second: Moment, *, account: str,
    after: int, rows: int,
) -> None:  # fmt: skip
    r"""Compare two reports of the same days, and name every journal that moved a figure.

    The journals' changes add up to the difference. Exit status 1 when some of it is explained by
    no journal: then the books were bent.

    \b
    Examples:
      flask ledger explain --period 3 --first close:41
      flask ledger explain --period 3 --first close:41 --second close:57
      flask ledger explain --on 2026-03-31 --first 2026-04-02T17:00:00Z
    """
    with transaction(read_only=True) as session:
        found = queries.restatement(
            session, book=this_book(session), window=Window(period, day), first=first,
            second=second, path=account, after=after, limit=rows,
        )  # fmt: skip
    click.echo(f"first:  {_report(found.first)}\nsecond: {_report(found.second)}")
    for step in found.steps:
        click.echo(
            f"between: journal {step.seq} ({step.kind}) of {found.names.get(step.maker, step.maker)}"
            f" and {found.names.get(step.checker or '', step.checker)}: {step.reason}"
        )
    _show_changes(found)
    for one in found.journals:
        _show_journal(one)
    if found.next is not None:
        click.echo(f"more: --after {found.next}")
    if found.unexplained or False in (found.first.agrees, found.second.agrees):
        raise SystemExit(1)


def _report(report: Report) -> str:
    if report.close is not None:
        signed = "as it was signed" if report.agrees else "NOT the figures that were signed"
        return f"what journal {report.close.seq} closed, {signed}"
    known = f"{report.known_at:%Y-%m-%d %H:%M:%S} UTC" if report.known_at else "now"
    return f"as known {known if report.known_at is None else 'at ' + known}, {report.seq} journals"


def _show_changes(found: Restatement) -> None:
    if not found.changes:
        click.echo("nothing differs")
    for change in found.changes:
        click.echo(
            f"{_quantity(change.before, change.key):>20} {_quantity(change.after, change.key):>20}"
            f" {_signed(change.difference, change.key):>20}  {_named(change.key)}"
        )
    for change in found.unexplained:
        _show_unexplained(change)
    if found.changes and not found.unexplained:
        click.echo(f"{found.count} journals explain all of it, to the penny")


def _show_unexplained(change: Change) -> None:
    click.echo(
        f"NOT EXPLAINED: {_signed(change.unexplained, change.key)} of {_named(change.key)}"
        " stands in no journal"
    )


def _show_journal(one: Explained) -> None:
    recorded = from_microseconds(one.journal.recorded_us)
    click.echo(f"{one.words} [{recorded:%Y-%m-%d %H:%M:%S} UTC]")
    for key, net in one.effects.items():
        click.echo(f"{_signed(net, key):>30}  {_named(key)}")


def _named(key: Key) -> str:
    return f"{key.path}  [{key.fund}]" + ("  (held)" if key.layer == HELD else "")


def _quantity(quantity: int, key: Key) -> str:
    return format_quantity(quantity, key.unit)


def _signed(quantity: int, key: Key) -> str:
    return ("+" if quantity > 0 else "") + format_quantity(quantity, key.unit)
