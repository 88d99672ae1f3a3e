"""``flask ledger demo``: live through thirty-six months of a fictional town."""

from __future__ import annotations

import click
from flask import current_app

from ledger.cli import ledger_group
from ledger.demo import people, place
from ledger.kernel import clock
from ledger.kernel.db import transaction

UNFINISHED = "demo.unfinished"
"""A file that stands in the data folder while the town's life is being told."""


@ledger_group.command("demo")
@click.option(
    "--if-empty", is_flag=True, help="Say nothing and do nothing when the place is in use."
)
@click.option("--sign-ins", is_flag=True, help="Only show who can sign in to the demonstration.")
def demo(*, if_empty: bool, sign_ins: bool) -> None:
    r"""Fill an empty place with Harrowmere, a town that does not exist.

    Everything is done by the services themselves on a clock that runs through three years up to
    today. A place where anything has happened is refused.

    \b
    Example:
      flask ledger demo
    """
    from ledger.demo import town  # every wing at once: only where it is needed

    settings = current_app.extensions["ledger.settings"]
    if sign_ins:
        _show_sign_ins()
        return
    with transaction(read_only=True) as session:
        empty = place.is_empty(session, code=settings.book_code)
    if not empty and if_empty:
        return
    if not empty:
        raise click.ClickException(
            "This place is in use, and the demonstration is only for an empty one. Choose another"
            " folder: LEDGER_DATA_DIR=… flask ledger demo (after flask db upgrade)."
        )
    unfinished = settings.data_dir / UNFINISHED
    unfinished.touch()
    town.load(code=settings.book_code, now=clock.now(), say=click.echo)
    unfinished.unlink()


def _show_sign_ins() -> None:
    with transaction(read_only=True) as session:
        there = place.is_demonstration(session)
    if not there:
        return
    click.echo(f"Sign in with the password “{people.PASSWORD}” as:")
    for one in people.TOWNSPEOPLE:
        click.echo(f"  {one.email:<34}{one.name:<18}to {one.comes_to}")
