"""``flask ledger backup|backups|restore``: copies of the whole book, proved before they count."""

from __future__ import annotations

from pathlib import Path

import click

from ledger.backups import restoring, shelf, taking
from ledger.cli import ledger_group
from ledger.kernel import clock
from ledger.kernel.db import db


@ledger_group.command("backup")
@click.option(
    "--to", "into", type=click.Path(file_okay=False, path_type=Path), default=None,
    help="Below which folder (default: LEDGER_BACKUP_DIR).",
)  # fmt: skip
@click.option("--unproven", is_flag=True, help="Leave the proof to the nightly job.")
def backup(into: Path | None, unproven: bool) -> None:  # noqa: FBT001 - a flag of the command line
    r"""Back the whole book up while it is in use, then restore the copy elsewhere and prove it.

    \b
    Examples:
      flask ledger backup
      flask ledger backup --to /mnt/elsewhere/ledger
    """
    taken = taking.make(into=into or taking.folder(), now=clock.now())
    click.echo(str(taken.path))
    for code, (number, chain) in sorted(taken.manifest.heads.items()):
        click.echo(f"{code}: {number} journals, chain {chain}")
    click.echo(
        f"{taken.manifest.size_bytes} bytes, {sum(taken.manifest.rows.values())} rows, schema"
        f" {taken.manifest.schema}, made in {taken.seconds:.1f} s"
    )
    if unproven:
        click.echo("Not proven yet.")
        return
    proof = restoring.prove(taken.path, live=db.engine.url, now=clock.now())
    facts = {"proved_at": clock.now().isoformat(), "seconds": round(proof.seconds, 3)}
    shelf.mark_proven(taken.path, facts | {"proved": proof.words})
    click.echo(f"PROVEN: {proof.words}, in {proof.seconds:.1f} s")


@ledger_group.command("backups")
def backups() -> None:
    r"""Show the backups that are kept, oldest first, and which of them were proved.

    \b
    Example:
      flask ledger backups
    """
    found = shelf.listed(taking.folder())
    for one in found:
        proved = f"proved {one.proved_at:%Y-%m-%d %H:%M} UTC" if one.proved_at else "not proved"
        click.echo(f"{one.name}  {proved}")
    click.echo(f"{len(found)} backups in {taking.folder()}")


@ledger_group.command("restore")
@click.argument("backup", type=click.Path(path_type=Path))
@click.option("--to", required=True, help="A new file, or the address of an empty database.")
def restore(backup: Path, to: str) -> None:
    r"""Restore a backup to a new place, prove everything in it there, and say what to do next.

    BACKUP is its folder, or its name where the backups are kept. Nothing is ever written over,
    and what does not prove is taken away again.

    \b
    Examples:
      flask ledger restore MAIN-20260302T054000Z --to var/restored.sqlite
      flask ledger restore MAIN-20260302T054000Z --to postgresql://ledger@db/restored
    """
    found = backup if backup.is_dir() else taking.folder() / backup
    done = restoring.restore(found, to=to, now=clock.now())
    lost_s = (clock.now() - done.manifest.made_at).total_seconds()
    click.echo(f"PROVEN: {done.proof.words}")
    click.echo(f"rpo_s={lost_s:.1f}  what was done in the seconds since the backup is not in it")
    if done.proof.erased:
        click.echo(f"{done.proof.erased} people who were erased since were erased again")
    click.echo(f"rto_s={done.seconds:.1f}  restored and proved in so many seconds")
    click.echo(
        "Next: stop web and scheduler, start both again with\n"
        f"  LEDGER_DATABASE_URL={done.url}\n"
        "then run: flask ledger verify"
    )
