"""``flask ledger keys``: the key store, apart from the book."""

from __future__ import annotations

from pathlib import Path

import click
from flask.cli import AppGroup

from ledger.backups import erasing, keybook
from ledger.cli import ledger_group
from ledger.kernel import clock
from ledger.kernel.db import transact

BY = "command line"

keys = AppGroup("keys", help="The keys that open the vault; they are never in the book's backups.")
ledger_group.add_command(keys)


@keys.command("backup")
def backup() -> None:
    r"""Keep a copy of all keys, and drop copies older than a week.

    \b
    Example:
      flask ledger keys backup
    """
    click.echo(str(keybook.make(now=clock.now())))


@keys.command("restore")
@click.argument("path", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def restore(path: Path) -> None:
    r"""Fill an empty key store from a copy, and destroy again what the book says was destroyed.

    \b
    Example:
      flask ledger keys restore var/key-backups/keys-20260302T054000Z.json
    """
    count = keybook.restore(path)
    again = transact(lambda session: erasing.replay(session, by=BY, now=clock.now()))
    click.echo(f"{count} keys restored; {again} erasures done again")
