"""``flask ledger place``: make the place that this installation serves."""

from __future__ import annotations

from typing import Any

import click
from flask import current_app

from ledger.cli import ledger_group
from ledger.demo import place as places
from ledger.kernel import clock
from ledger.kernel.db import transact


@ledger_group.command("place")
@click.option("--name", default=None, help="What the place is called (default: the setting).")
@click.option("--admin-name", default=None, help="Name of the first administrator.")
@click.option("--admin-email", default=None, help="Where the first administrator signs in.")
def place(name: str | None, admin_name: str | None, admin_email: str | None) -> None:
    r"""Make the place: its book, units and funds, and perhaps its first administrator.

    Doing it twice changes nothing. The administrator sets a password by the link that is shown.

    \b
    Example:
      flask ledger place --name Harrowmere --admin-name "Ada Quill" --admin-email ada@example.org
    """
    if bool(admin_name) != bool(admin_email):
        raise click.UsageError("Give both --admin-name and --admin-email, or neither.")
    settings = current_app.extensions["ledger.settings"]
    now = clock.now()

    def unit(session: Any) -> list[str]:
        said = places.make(session, code=settings.book_code, name=name or settings.place_name)
        if admin_name and admin_email:
            said += places.first_administrator(
                session, name=admin_name, email=admin_email, base_url=settings.base_url, now=now
            )
        return said

    for line in transact(unit):
        click.echo(line)
