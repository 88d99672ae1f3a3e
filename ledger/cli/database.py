"""``flask ledger database-role``: what the service's own role may do on PostgreSQL."""

from __future__ import annotations

from itertools import groupby

import click

from ledger.cli import ledger_group
from ledger.kernel import grants
from ledger.kernel.db import transact


@ledger_group.command("database-role")
@click.argument("name")
def database_role(name: str) -> None:
    r"""Give the role NAME what the service needs to run, and take back everything else.

    Run it with the owner's address in LEDGER_DATABASE_URL, once for a new role and after a restore;
    upgrades do it again for the role in LEDGER_DATABASE_ROLE. Everybody else (PUBLIC) loses the same
    rights. Twice changes nothing.

    \b
    Example:
      flask ledger database-role ledger_app
    """
    given = transact(lambda session: grants.give(session.connection(), role=name))
    for (kind, thing), rights in groupby(given.rights, key=lambda right: (right.kind, right.name)):
        click.echo(f"{kind.lower():<9} {thing}: {', '.join(right.verb for right in rights)}")
    click.echo(
        f"{name} has {len(given.rights)} rights: {len(given.new)} given now,"
        f" {len(given.taken)} taken back"
    )
    click.echo(
        f"Serve with LEDGER_DATABASE_ROLE={name} and its own address in LEDGER_DATABASE_URL."
    )
