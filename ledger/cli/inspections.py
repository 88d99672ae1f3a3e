"""``flask ledger inspection``: open the books of a period to the public, and write the bundles."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click
from flask import current_app
from flask.cli import AppGroup

from ledger.cli import ledger_group
from ledger.cli.books import DAY, this_book
from ledger.cli.exports import BY
from ledger.cli.periods import NUMBER, actor_of, by_token
from ledger.cli.values import Whole
from ledger.exports import checkpoints, inspecting
from ledger.inspections import queries, rules
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
