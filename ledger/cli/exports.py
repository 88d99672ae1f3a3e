"""``flask ledger checkpoint`` and ``export``: sign the history, and take the books away."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click
from flask import current_app
from flask.cli import AppGroup

from ledger.audit import queries as audit_queries
from ledger.cli import ledger_group
from ledger.cli.books import DAY, this_book
from ledger.cli.values import Whole
from ledger.exports import checkpoints, pack
from ledger.kernel import clock
from ledger.kernel.db import transaction
from ledger.kernel.errors import Missing

BY = "command line"

checkpoint = AppGroup("checkpoint", help="Signed checkpoints of the whole history.")
ledger_group.add_command(checkpoint)


@checkpoint.command("make")
def make() -> None:
    r"""Hash every journal again, compare with the last checkpoint, and sign a new one.

    It is printed, so that it can be kept where nobody at the council can change it. When
    nothing was posted since, the last one is printed again.

    \b
    Example:
      flask ledger checkpoint make > checkpoint-2026-03-31.txt
    """
    with transaction(read_only=True) as session:
        book = this_book(session)
    made = checkpoints.make(book=book, reason="asked", made_by=BY, now=clock.now())
    click.echo(made.note, nl=False)


@checkpoint.command("list")
def list_checkpoints() -> None:
    r"""Show the newest checkpoints: how many journals, when, why, and the root.

    \b
    Example:
      flask ledger checkpoint list
    """
    with transaction(read_only=True) as session:
        rows = audit_queries.checkpoints(session, this_book(session))
    for row in rows:
        click.echo(
            f"{row.size:>9}  {row.made_at:%Y-%m-%d %H:%M} UTC  {row.reason:<6} {row.root.hex()}"
        )
    click.echo(f"{len(rows)} checkpoints")


@checkpoint.command("show")
@click.argument("size", type=Whole(1), required=False)
@click.option("--key", is_flag=True, help="Print the public key instead.")
def show(size: int | None, key: bool) -> None:  # noqa: FBT001 - a flag of the command line
    r"""Print one checkpoint as it was signed: the newest, or the one of SIZE journals.

    \b
    Examples:
      flask ledger checkpoint show
      flask ledger checkpoint show --key
    """
    with transaction(read_only=True) as session:
        book = this_book(session)
        found = (
            audit_queries.latest_checkpoint(session, book)
            if size is None
            else audit_queries.checkpoint(session, book, size)
        )
    if found is None:
        raise Missing("There is no such checkpoint.", remedy="See: flask ledger checkpoint list.")
    click.echo(found.key_line + "\n" if key else found.note, nl=False)


@ledger_group.command("export")
@click.option("--from", "starts", type=DAY, default=None, help="First day of the period.")
@click.option("--to", "ends", type=DAY, default=None, help="Last day of the period.")
@click.option(
    "--into", type=click.Path(file_okay=False, path_type=Path), default=None,
    help="Where the pack goes (default: exports below the data folder).",
)  # fmt: skip
def export(starts: date | None, ends: date | None, into: Path | None) -> None:
    r"""Make an audit pack of a period, or of everything: database, sheets, text journals, proof.

    A checkpoint is made first when journals have been posted since the last one. The same
    period under the same checkpoint gives the same bytes.

    \b
    Examples:
      flask ledger export
      flask ledger export --from 2025-04-01 --to 2026-03-31 --into packs
    """
    settings = current_app.extensions["ledger.settings"]
    with transaction(read_only=True) as session:
        book = this_book(session)
    checkpoints.make(book=book, reason="asked", made_by=BY, now=clock.now())
    with transaction(read_only=True) as session:
        scope = pack.scope_of(
            session, book=book, code=settings.book_code, starts_on=starts, ends_on=ends
        )
    made = pack.make(scope, into or settings.data_dir / "exports", listener=_tell)
    click.echo(str(made.folder))
    click.echo(str(pack.zipped(made)))


def _tell(step: str) -> None:
    click.echo(f"  {step}", err=True)
