"""``flask ledger journal|trial-balance|statement|verify``: what the books say, and whether it holds."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Any

import click
from flask import current_app
from sqlalchemy.orm import Session

from ledger.books import queries, rules
from ledger.cli import ledger_group
from ledger.cli.values import Day, Whole
from ledger.exports import safety
from ledger.kernel import clock
from ledger.kernel.db import transaction
from ledger.kernel.limits import PAGE_ROWS_MAX
from ledger.kernel.money import format_quantity

BY = "command line"
DAY = Day()


class Instant(click.ParamType[datetime]):
    """An instant in UTC, like 2026-04-02T17:00:00Z; a part of a second may follow the seconds."""

    name = "instant"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        """Read it, or say how it is written."""
        if isinstance(value, datetime):
            return value
        try:
            read = datetime.fromisoformat(value)
            in_utc = read.astimezone(UTC)
        except (ValueError, OverflowError):  # OverflowError: before the first year, in UTC
            read = in_utc = datetime.min  # noqa: DTZ901 - without a zone, so it is refused below
        if read.utcoffset() is None:
            self.fail(
                f"“{value}” is not an instant. Write it like 2026-04-02T17:00:00Z.", param, ctx
            )
        return in_utc


INSTANT = Instant()


def this_book(session: Session) -> int:
    """The book that this installation serves."""
    return queries.book_id(session, current_app.extensions["ledger.settings"].book_code)


@ledger_group.command("journal")
@click.argument("number", type=Whole(1), required=False)
@click.option("--group", default="", help="Only journals of one pledge, booking or agreement.")
@click.option("--after", default=0, type=Whole(), help="Begin after this number.")
@click.option("--rows", default=50, type=Whole(1, PAGE_ROWS_MAX), help="How many.")
def journal(number: int | None, group: str, after: int, rows: int) -> None:
    r"""Show one journal with its entries, or a list of journals.

    \b
    Examples:
      flask ledger journal 12
      flask ledger journal --group PLG-7K2M9QXA
    """
    with transaction(read_only=True) as session:
        book = this_book(session)
        if number is not None:
            row, entries = queries.journal(session, book, number)
            _show([row])
            _show_entries(entries)
            return
        _show(queries.journals(session, book, group=group, after=after, limit=rows))


def _show(rows: Iterable[queries.JournalRow]) -> None:
    for row in rows:
        recorded = clock.from_microseconds(row.recorded_us)
        second = f", checked by {row.checker}" if row.checker else ""
        click.echo(
            f"{row.seq:>7}  {row.effective_on}  {row.kind:<22} {row.id}  {row.group_id}\n"
            f"         recorded {recorded:%Y-%m-%d %H:%M:%S} UTC by {row.maker}{second}"
            + (f": {row.reason}" if row.reason else "")
        )


def _show_entries(entries: Iterable[queries.EntryRow]) -> None:
    for entry in entries:
        side = "debit " if entry.side == "D" else "credit"
        held = "  (held)" if entry.layer == "H" else ""
        quantity = format_quantity(entry.amount, entry.unit)
        click.echo(f"         {side}  {quantity:>18}  {entry.path}  [{entry.fund}]{held}")


@ledger_group.command("trial-balance")
@click.option("--under", default="", help="Only accounts below this path.")
@click.option("--as-at", "--on", "day", type=DAY, default=None, help="As at the end of this day.")
@click.option("--known-at", "known", type=INSTANT, default=None, help="As it was known then (UTC).")
@click.option("--by-fund", "by_fund", is_flag=True, help="A column for each fund, and their total.")
@click.option("--all", "every", is_flag=True, help="Also the accounts that stand at zero.")
def trial_balance(
    under: str, day: date | None, known: datetime | None, *, by_fund: bool, every: bool
) -> None:
    r"""Show what every account holds; debits above zero. Each unit and fund sums to zero.

    With --as-at only what took effect by that day counts; with --known-at only what had been
    recorded by that instant. Both together give an old answer again.

    \b
    Examples:
      flask ledger trial-balance
      flask ledger trial-balance --under Liabilities:Escrow --as-at 2026-03-31
      flask ledger trial-balance --as-at 2026-03-31 --known-at 2026-04-02T17:00:00Z
      flask ledger trial-balance --by-fund
    """
    at = queries.AsAt(day, known)
    with transaction(read_only=True) as session:
        book = this_book(session)
        rows = (
            queries.trial_balance(session, book)
            if at.is_now
            else queries.balances_as_at(session, book, at)
        )
    rows = [row for row in rows if not under or (row.path + ":").startswith(under + ":")]
    if by_fund:
        _show_funds(rows)
        return
    for row in rows:
        held = row.held_dr or row.held_cr
        if every or row.net or held:
            waiting = f"  (held {format_quantity(held, row.unit)})" if held else ""
            quantity = format_quantity(row.net, row.unit)
            click.echo(f"{quantity:>22}  {row.path}  [{row.fund}]{waiting}")
    if not under:
        for unit, fund in sorted({(row.unit, row.fund) for row in rows}):
            total = sum(row.net for row in rows if (row.unit, row.fund) == (unit, fund))
            click.echo(f"{format_quantity(total, unit):>22}  sum of {unit} in fund {fund}")


def _show_funds(rows: Iterable[queries.BalanceRow]) -> None:
    tables = rules.fund_tables((row.path, row.unit, row.fund, row.net) for row in rows)
    for table in tables:
        click.echo(f"{table.unit:<30}" + "".join(f"{name:>18}" for name in (*table.funds, "total")))
        for line in (*table.lines, table.holds):
            cells = (*line.by_fund, line.total)
            shown = "".join(f"{format_quantity(cell, table.unit):>18}" for cell in cells)
            click.echo(f"{line.name:<30}{shown}")


@ledger_group.command("statement")
@click.argument("path")
@click.option("--as-at", "day", type=DAY, default=None, help="As at the end of this day.")
@click.option("--known-at", "known", type=INSTANT, default=None, help="As it was known then (UTC).")
@click.option("--after", default=0, type=Whole(), help="Begin after this entry.")
@click.option("--rows", default=50, type=Whole(1, PAGE_ROWS_MAX), help="How many.")
def statement(path: str, day: date | None, known: datetime | None, after: int, rows: int) -> None:
    r"""Show the entries of one account in order, each with the balance after it.

    The order is that of posting; with --as-at or --known-at it is that of the days on which the
    entries took effect, and what came later, or was not known yet, is left out.

    \b
    Examples:
      flask ledger statement Assets:Bank
      flask ledger statement Assets:Bank --as-at 2026-03-31 --known-at 2026-04-02T17:00:00Z
    """
    at = queries.AsAt(day, known)
    with transaction(read_only=True) as session:
        book = this_book(session)
        balance = queries.balance(session, book, path)
        lines = (
            queries.statement(session, book, path, after=after, limit=rows)
            if at.is_now
            else queries.statement_as_at(session, book, path, at, after=after, limit=rows)
        )
    for line in lines:
        signed = line.amount if line.side == "D" else -line.amount
        held = " (held)" if line.layer == "H" else ""
        click.echo(
            f"{line.effective_on}  {line.seq:>7}  {line.kind:<22}"
            f" {format_quantity(signed, line.unit):>18}"
            f" {format_quantity(line.balance_after, line.unit):>18}{held}  {line.id}"
        )
    if at.is_now:
        click.echo(f"balance: {format_quantity(balance.net, balance.unit)}")
    if len(lines) == rows:
        click.echo(f"more: --after {after + rows}")


@ledger_group.command("verify")
def verify() -> None:
    r"""Prove the books as they stand: guards, balances, every row, hashes, chain, last checkpoint.

    What was bent is named by journal and line. Exit status 1 when anything is wrong; value then
    stands still until this finds all whole.
    Packs are proved by scripts/verify_books.py, which needs neither the service nor its database.

    \b
    Example:
      flask ledger verify
    """
    with transaction(read_only=True) as session:
        book = this_book(session)
    faults = safety.look(book=book, by=BY, now=clock.now())
    with transaction(read_only=True) as session:
        head = queries.head(session, book)
    for fault in faults:
        click.echo(f"NOT PROVEN: {fault}")
    if faults:
        raise SystemExit(1)
    click.echo(f"PROVEN: {head.next_seq - 1} journals, chain {head.chain.hex()}")
