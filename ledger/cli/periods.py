"""``flask ledger periods``: see, open, close and open again accounting periods.

Whoever signs does so by a token of their own, asked for and never shown, so that nobody at the
machine can sign as two people.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import click
from flask.cli import AppGroup
from sqlalchemy.orm import Session

from ledger.books import queries as books
from ledger.cli import ledger_group
from ledger.cli.books import DAY, this_book
from ledger.cli.values import Whole
from ledger.closing import queries, rules, service
from ledger.exports import checkpoints
from ledger.http.identities import of_token
from ledger.kernel import clock
from ledger.kernel.db import transact, transaction
from ledger.kernel.money import format_quantity
from ledger.parties.rules import Actor, Unscoped

periods = AppGroup("periods", help="Accounting periods: open, being closed, closed by two people.")
ledger_group.add_command(periods)

by_token: Callable[[Any], Any] = click.option(
    "--token", prompt="Your token", hide_input=True, help="Asked for when it is not given."
)
NUMBER = Whole(1)


def actor_of(token: str) -> Actor:
    """Whoever the token stands for; it must be one that may change things."""
    found = of_token(token)
    if "write" not in found.scopes:
        raise Unscoped("The token may only read.", remedy="Use one with the scope “write”.")
    return found.actor


@periods.command("list")
def list_periods() -> None:
    r"""Show every period: its number, days, state and who signed.

    \b
    Example:
      flask ledger periods list
    """
    with transaction(read_only=True) as session:
        rows = books.periods(session, this_book(session))
    for row in rows:
        signed = f"  {row['signed_by']}, {row['countersigned_by']}: {row['reason']}"
        click.echo(
            f"{row['id']:>5}  {row['starts_on']} to {row['ends_on']}  {row['status']:<9}"
            + (signed if row["signed_by"] else "")
        )
    click.echo(f"{len(rows)} periods")


@periods.command("report")
@click.argument("number", type=NUMBER)
@click.option("--bytes", "exact", is_flag=True, help="The very bytes whose hash is signed.")
def report(number: int, *, exact: bool) -> None:
    r"""Show what every account moved within a period. Of a closed one it is the same for ever.

    \b
    Examples:
      flask ledger periods report 3
      flask ledger periods report 3 --bytes | sha256sum
    """
    with transaction(read_only=True) as session:
        view = queries.period(session, this_book(session), number)
    if exact:
        click.echo(view.report, nl=False)
        return
    for row in view.movements:
        cells = "".join(f"{format_quantity(cell, row.unit):>18} " for cell in (row.dr, row.cr))
        click.echo(f"{cells} {row.path}  [{row.fund}]")
    click.echo(f"{view.status.lower()}, sha256 {view.trial_balance_sha256}")


@periods.command("open")
@click.option("--from", "starts_on", type=DAY, required=True, help="The first day.")
@click.option("--to", "ends_on", type=DAY, required=True, help="The last day.")
@by_token
def open_period(starts_on: date, ends_on: date, token: str) -> None:
    r"""Open a period that overlaps no other.

    \b
    Example:
      flask ledger periods open --from 2026-04-01 --to 2027-03-31
    """
    actor = actor_of(token)
    made = transact(
        lambda session: service.open_period(
            session, book=this_book(session), starts_on=starts_on, ends_on=ends_on,
            actor=actor, now=clock.now(),
        )
    )  # fmt: skip
    click.echo(f"period {made} is open")


@periods.command("begin")
@click.argument("number", type=NUMBER)
@by_token
def begin(number: int, token: str) -> None:
    r"""Begin to close a period that is over: it then takes only what two people made.

    \b
    Example:
      flask ledger periods begin 3
    """
    actor = actor_of(token)
    transact(
        lambda session: service.begin_closing(
            session, book=this_book(session), period=number, actor=actor, now=clock.now()
        )
    )
    click.echo(f"period {number} is being closed")


@periods.command("sign")
@click.argument("number", type=NUMBER)
@click.option("--reason", required=True, help="What was checked, or why it is opened again.")
@click.option("--reopen", is_flag=True, help="Sign that a closed period be opened again.")
@by_token
def sign(number: int, reason: str, token: str, *, reopen: bool) -> None:
    r"""Sign a period's figures to close it, or sign that it be opened again.

    It prints the digest of what was signed: the second person repeats it.

    \b
    Examples:
      flask ledger periods sign 3 --reason "the bank agrees"
      flask ledger periods sign 3 --reopen --reason "a late invoice of March"
    """
    actor, kind = actor_of(token), rules.REOPEN if reopen else rules.CLOSE

    def unit(session: Session) -> str:
        book = this_book(session)
        service.sign(
            session, book=book, period=number, kind=kind, reason=reason, actor=actor,
            now=clock.now(),
        )  # fmt: skip
        live = queries.period(session, book, number).live
        assert live is not None, "as just signed"
        return live.digest

    click.echo(transact(unit))


@periods.command("countersign")
@click.argument("number", type=NUMBER)
@click.option("--digest", required=True, help="What the first person's command printed.")
@click.option("--reason", required=True, help="Why you agree.")
@by_token
def countersign(number: int, digest: str, reason: str, token: str) -> None:
    r"""Countersign what somebody else signed: it is done, and a checkpoint made with it.

    \b
    Example:
      flask ledger periods countersign 3 --digest 9f2c… --reason "agreed to the ledger"
    """
    actor, now = actor_of(token), clock.now()

    def unit(session: Session) -> queries.PeriodView:
        book = this_book(session)
        view = service.countersign(
            session, book=book, period=number, digest=digest, reason=reason, actor=actor, now=now
        )
        checkpoints.make_within(session, book=book, reason="close", made_by=actor.person, now=now)
        return view

    view = transact(unit)
    click.echo(f"period {number} is {rules.STATE_WORDS[view.status]}")
