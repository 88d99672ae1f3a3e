"""``flask ledger drafts``: correct and reverse, and lend between funds, one person each step.

Whoever drafts or decides does so by a token of their own, as with periods.
"""

from __future__ import annotations

from datetime import date

import click
from flask.cli import AppGroup
from sqlalchemy.orm import Session

from ledger.books.rules import Leg
from ledger.cli import ledger_group
from ledger.cli.books import DAY, this_book
from ledger.cli.periods import NUMBER, actor_of, by_token
from ledger.cli.values import Whole
from ledger.drafts import queries, rules, service
from ledger.drafts.queries import DraftView
from ledger.drafts.rules import Draft
from ledger.kernel import clock
from ledger.kernel.db import transact, transaction
from ledger.kernel.limits import QUANTITY_MAX
from ledger.kernel.money import format_quantity

drafts = AppGroup("drafts", help="Journals by hand: one person drafts, another approves.")
ledger_group.add_command(drafts)

QUANTITY = Whole(1, QUANTITY_MAX)
STATE_WORDS = {
    "PROPOSED": "waits", "APPROVED": "approved", "USED": "posted", "REFUSED": "refused",
    "VOID": "withdrawn",
}  # fmt: skip


def _show(view: DraftView) -> None:
    number = f" as journal {view.journal}" if view.journal else ""
    click.echo(f"{view.id}  {view.effective_on}  {STATE_WORDS[view.state]}{number}: {view.reason}")


@drafts.command("list")
def list_drafts() -> None:
    r"""Show the newest drafts; those that wait come first.

    \b
    Example:
      flask ledger drafts list
    """
    with transaction(read_only=True) as session:
        views = queries.drafts(session, this_book(session))
    for view in views:
        _show(view)
    click.echo(f"{len(views)} drafts")


@drafts.command("show")
@click.argument("draft")
def show(draft: str) -> None:
    r"""Show one draft with its entries, and the digest that a decision about it repeats.

    \b
    Example:
      flask ledger drafts show JNL-7K2M9QXA4B1C
    """
    with transaction(read_only=True) as session:
        view = queries.draft(session, this_book(session), draft)
    _show(view)
    for line in view.entries:
        quantity = format_quantity(line.quantity, line.unit)
        click.echo(f"  {rules.SIDES[line.side]:<6}  {quantity:>18}  {line.path}  [{line.fund}]")
    click.echo(f"digest {view.proposal.digest}")


def _drafted(draft: Draft, token: str) -> None:
    actor = actor_of(token)

    def unit(session: Session) -> DraftView:
        book = this_book(session)
        made = service.propose(session, book=book, draft=draft, actor=actor, now=clock.now())
        return queries.draft(session, book, made)

    view = transact(unit)
    click.echo(f"{view.id} {view.proposal.digest}")


@drafts.command("correct")
@click.option("--debit", "debits", type=(str, QUANTITY), multiple=True, help="Account, quantity.")
@click.option("--credit", "credits", type=(str, QUANTITY), multiple=True, help="Account, quantity.")
@click.option("--on", "day", type=DAY, required=True, help="The day on which it takes effect.")
@click.option("--reason", required=True, help="Why; it becomes part of the books.")
@by_token
def correct(
    debits: tuple[tuple[str, int], ...], credits: tuple[tuple[str, int], ...], day: date,
    reason: str, token: str,
) -> None:  # fmt: skip
    r"""Draft a correction: entries in whole pence, minutes or items that balance in each fund.

    It prints the draft's reference and the digest that the second person repeats.

    \b
    Example:
      flask ledger drafts correct --on 2026-03-31 --reason "a gift of March" \
        --debit Assets:Bank:Client 2500 --credit Income:Gifts 2500
    """
    legs = [Leg(path, "D", quantity) for path, quantity in debits]
    legs += [Leg(path, "C", quantity) for path, quantity in credits]
    _drafted(Draft(rules.ADJUST, day, reason, tuple(legs)), token)


@drafts.command("lend")
@click.option("--from", "paid_from", required=True, help="The account that pays.")
@click.option("--into", "paid_into", required=True, help="The account of the other fund.")
@click.option("--quantity", type=QUANTITY, required=True, help="Whole pence.")
@click.option("--on", "day", type=DAY, required=True, help="The day on which it takes effect.")
@click.option("--reason", required=True, help="Why; it becomes part of the books.")
@click.option("--back", is_flag=True, help="The fund that borrowed pays back.")
@by_token
def lend(
    *, paid_from: str, paid_into: str, quantity: int, day: date, reason: str, token: str, back: bool
) -> None:
    r"""Draft a loan from one fund to another, or with --back its paying back.

    It prints the draft's reference and the digest that the second person repeats.

    \b
    Examples:
      flask ledger drafts lend --from Assets:Bank:Client --into Assets:Bank:River \
        --quantity 70000 --on 2026-03-02 --reason "until the grant arrives"
      flask ledger drafts lend --back --from Assets:Bank:River --into Assets:Bank:Client \
        --quantity 70000 --on 2026-03-30 --reason "the grant arrived"
    """
    kind = rules.PAY_BACK if back else rules.LEND
    draft = rules.loan(
        kind=kind, paid_from=paid_from, paid_into=paid_into, quantity=quantity, effective_on=day,
        reason=reason,
    )  # fmt: skip
    _drafted(draft, token)


@drafts.command("reverse")
@click.argument("journal", type=NUMBER)
@click.option(
    "--dated", type=click.Choice(tuple(rules.DATED)), required=True,
    help="On the day of the original, or today.",
)  # fmt: skip
@click.option("--reason", required=True, help="Why; it becomes part of the books.")
@by_token
def reverse(journal: int, dated: str, reason: str, token: str) -> None:
    r"""Draft the exact mirror of a journal: its own day while that is in no closed period, or today.

    It prints the draft's reference and the digest that the second person repeats.

    \b
    Example:
      flask ledger drafts reverse 17 --dated today --reason "entered twice"
    """
    actor = actor_of(token)

    def unit(session: Session) -> DraftView:
        book = this_book(session)
        made = service.propose_reversal(
            session, book=book, journal=journal, dated=dated, reason=reason, actor=actor,
            now=clock.now(),
        )  # fmt: skip
        return queries.draft(session, book, made)

    view = transact(unit)
    click.echo(f"{view.id} {view.proposal.digest}")


@drafts.command("decide")
@click.argument("draft")
@click.option("--digest", required=True, help="What the first person's command printed.")
@click.option("--verdict", type=click.Choice(("yes", "no")), required=True, help="Post, or refuse.")
@click.option("--reason", required=True, help="Why you decide so.")
@by_token
def decide(draft: str, digest: str, verdict: str, reason: str, token: str) -> None:
    r"""Approve what somebody else drafted, which posts it at once; or refuse it.

    \b
    Examples:
      flask ledger drafts decide JNL-7K2M9QXA4B1C --verdict yes --digest 9f2c... --reason "seen the slip"
      flask ledger drafts decide JNL-7K2M9QXA4B1C --verdict no --digest 9f2c... --reason "another fund"
    """
    actor = actor_of(token)
    view = transact(
        lambda session: service.decide(
            session, book=this_book(session), draft=draft, verdict=verdict,
            digest=digest, reason=reason, actor=actor, now=clock.now(),
        )
    )  # fmt: skip
    _show(view)
