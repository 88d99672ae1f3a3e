"""``flask ledger inspection``: open the books of a period to the public, and write the bundles."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

import click
from flask import current_app
from flask.cli import AppGroup
from sqlalchemy.orm import Session

from ledger.cli import ledger_group
from ledger.cli.books import DAY, this_book
from ledger.cli.exports import BY
from ledger.cli.periods import NUMBER, actor_of, by_token
from ledger.cli.values import Whole
from ledger.exports import checkpoints, inspecting
from ledger.inspections import queries, rules, service
from ledger.kernel import clock
from ledger.kernel.db import transact, transaction

inspection = AppGroup("inspection", help="Public inspection of closed periods, with its bundles.")
ledger_group.add_command(inspection)


@inspection.command("list")
def list_inspections() -> None:
    r"""Show every inspection: its reference, days, and how many questions and objections it has.

    \b
    Example:
      flask ledger inspection list
    """
    with transaction(read_only=True) as session:
        rows = queries.inspections(session, this_book(session))
        counts = {
            row.id: queries.count(session, states=rules.STATES, inspection=row.id) for row in rows
        }
    for row in rows:
        click.echo(
            f"{row.id}  {row.starts_on} to {row.ends_on}, open {row.opens_on} to {row.closes_on}:"
            f" {row.journals} journals, {counts[row.id]} questions or objections, root {row.root.hex()}"
            + ("; without the first ten working days of July" if row.holds_july is False else "")
        )
    click.echo(f"{len(rows)} inspections")


@inspection.command("open")
@click.argument("period", type=NUMBER)
@click.option("--from", "opens", type=DAY, required=True, help="The first day of the inspection.")
@click.option("--more-days", default=0, type=Whole(0, 10), help="Beyond thirty working days.")
@by_token
def open_books(period: int, opens: date, more_days: int, token: str) -> None:
    r"""Open the books of a closed period for thirty working days, and seal them.

    A checkpoint is made first when the close is under none. Add a day for each holiday that is
    proclaimed for this year alone.

    \b
    Example:
      flask ledger inspection open 3 --from 2026-06-03
    """
    actor, now = actor_of(token), clock.now()
    with transaction(read_only=True) as session:
        book = this_book(session)
    checkpoints.sign_closed_periods(book=book, made_by=BY, now=now)
    made = transact(
        lambda session: inspecting.open_books(
            session,
            book=book,
            period=period,
            opens_on=opens,
            actor=actor,
            now=now,
            more_days=more_days,
        )
    )
    click.echo(made)


def _changed(step: Callable[..., None], journal: int, token: str, **facts: object) -> None:
    actor = actor_of(token)

    def unit(session: Session) -> list[queries.Withheld]:
        book = this_book(session)
        step(session, book=book, journal=journal, **facts, actor=actor, now=clock.now())
        return queries.withheld_of(session, book, journal)

    _show(transact(unit))


def _show(withheld: Sequence[queries.Withheld]) -> None:
    for one in withheld:
        click.echo(f"{one.seq}  {one.part}  since {one.said_on}: {one.reason}")
    click.echo(f"withheld by hand: {len(withheld)}")


PARTS = click.option(
    "--part", "parts", multiple=True, required=True,
    help="reason, group, or entry.N for the account of an entry; once for each.",
)  # fmt: skip


@inspection.command("withheld")
@click.argument("reference")
def withheld(reference: str) -> None:
    r"""Show what is withheld of an inspection by hand, and why.

    \b
    Example:
      flask ledger inspection withheld INS-7K2M9QXA
    """
    with transaction(read_only=True) as session:
        _show(queries.withheld(session, queries.inspection(session, reference)))


@inspection.command("withhold")
@click.argument("journal", type=NUMBER)
@PARTS
@click.option("--reason", required=True, help="Why it is confidential; everybody reads it.")
@by_token
def withhold(journal: int, parts: tuple[str, ...], reason: str, token: str) -> None:
    r"""Keep parts of a journal from the public, as commercially confidential.

    It is possible until the last day of the inspection. Prints what is withheld of the journal.

    \b
    Example:
      flask ledger inspection withhold 17 --part reason --part entry.2 --reason "a price under tender"
    """
    _changed(service.withhold, journal, token, parts=parts, reason=reason)


@inspection.command("show")
@click.argument("journal", type=NUMBER)
@PARTS
@click.option("--reason", required=True, help="Why it is shown; an auditor can read it.")
@by_token
def show(journal: int, parts: tuple[str, ...], reason: str, token: str) -> None:
    r"""Show the public again what was withheld by hand.

    \b
    Example:
      flask ledger inspection show 17 --part reason --reason "the tender is over"
    """
    _changed(service.show_again, journal, token, parts=parts, reason=reason)


@inspection.command("bundle")
@click.argument("reference")
@click.option("--full", is_flag=True, help="The auditor's, in which nothing is withheld.")
@click.option(
    "--into", type=click.Path(file_okay=False, path_type=Path), default=None,
    help="Where the bundle goes (default: exports below the data folder).",
)  # fmt: skip
def bundle(reference: str, into: Path | None, *, full: bool) -> None:
    r"""Write the bundle of an inspection: the public's, or with --full the auditor's.

    Both have the same root. Prove either with scripts/verify_inspection.py.

    \b
    Examples:
      flask ledger inspection bundle INS-7K2M9QXA --into bundles
      flask ledger inspection bundle INS-7K2M9QXA --full --into auditor
    """
    settings = current_app.extensions["ledger.settings"]
    kind = inspecting.FULL if full else inspecting.PUBLIC
    with transaction(read_only=True) as session:
        view = queries.inspection(session, reference)
        folder = inspecting.write(session, view, kind, into or settings.data_dir / "exports")
    click.echo(f"{folder}\nroot {view.root.hex()}")
