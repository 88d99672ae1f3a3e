"""``flask ledger extract``: one file about the journals of a period."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click
from flask import current_app

from ledger.cli import ledger_group
from ledger.cli.books import DAY, this_book
from ledger.cli.values import Whole
from ledger.exports import extracts
from ledger.kernel.db import transaction


@ledger_group.command("extract")
@click.argument("kind", type=click.Choice(list(extracts.EXTRACTS)))
@click.option("--from", "starts", type=DAY, default=None, help="First day of the period.")
@click.option("--to", "ends", type=DAY, default=None, help="Last day of the period.")
@click.option("--up-to", "size", type=Whole(), default=None, help="Journals up to this number.")
@click.option(
    "--into", type=click.Path(file_okay=False, path_type=Path), default=None,
    help="Where the file goes (default: exports below the data folder).",
)  # fmt: skip
def extract(
    kind: str, starts: date | None, ends: date | None, size: int | None, into: Path | None
) -> None:
    r"""Write one file about the journals of a period, or of all days, and print where it is.

    The same period up to the same journal gives the same bytes. Cells are safe to open in a
    spreadsheet, and sums are numbers.

    \b
    Examples:
      flask ledger extract journal-risks --from 2025-04-01 --to 2026-03-31
      flask ledger extract journal-risks --up-to 1200 --into for-the-auditor
    """
    settings = current_app.extensions["ledger.settings"]
    with transaction(read_only=True) as session:
        scope = extracts.scope_of(
            session, book=this_book(session), code=settings.book_code, starts_on=starts,
            ends_on=ends, size=size,
        )  # fmt: skip
        made = extracts.make(
            session, extracts.named(kind), scope, into or settings.data_dir / "exports"
        )
    click.echo(str(made))
