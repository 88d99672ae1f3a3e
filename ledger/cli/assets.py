"""``flask ledger assets``: read a register's file, look at imports, list what lies idle."""

from __future__ import annotations

import io
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

import click
from flask import current_app
from flask.cli import AppGroup

from ledger.assets import queries, rules, service
from ledger.bookings import queries as bookings
from ledger.books import queries as books
from ledger.cli import ledger_group
from ledger.cli.values import Whole
from ledger.kernel import clock, limits
from ledger.kernel.db import transact, transaction
from ledger.kernel.money import format_minutes
from ledger.parties.rules import Actor

BY = Actor("command-line", frozenset({"administrator"}), None)
PROFILES = ("auto", *rules.PROFILES)

assets = AppGroup("assets", help="The register of public buildings and land.")
ledger_group.add_command(assets)


@assets.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Say what would change and keep nothing.")
@click.option("--profile", type=click.Choice(PROFILES), default="auto", show_default=True)
@click.option("--register", default="", help="Which list the file belongs to.")
@click.option("--expect-fewer", is_flag=True, help="Most of the register may be missing.")
def import_file(
    file: Path, *, dry_run: bool, profile: str, register: str, expect_fewer: bool
) -> None:
    r"""Read a CSV file of a register; report every oddity by line. Twice changes nothing.

    \b
    Example:
      flask ledger assets import land_and_buildings.csv --dry-run
    """
    with (
        _opened(file) as stream,
        click.progressbar(length=100, label=f"Reading {file.name}") as bar,
    ):
        shown = 0

        def progress(done: int, whole: int) -> None:
            nonlocal shown
            reached = 100 * done // max(1, whole)
            bar.update(reached - shown)
            shown = reached

        prepared = service.prepare(
            stream, file_name=file.name, profile=profile, register=register, progress=progress
        )
    report = transact(
        lambda session: service.import_register(
            session, prepared=prepared, actor=BY, now=clock.now(), dry_run=dry_run,
            expect_fewer=expect_fewer,
        )
    )  # fmt: skip
    _print_report(report)
    _print_notes(report.notes)


def _opened(file: Path) -> BinaryIO:
    """The file, or a copy where it is a pipe, which cannot be read twice."""
    stream = file.open("rb")
    if file.is_file():
        return stream
    with stream:
        return io.BytesIO(stream.read(limits.IMPORT_BYTES_MAX + 1))


def _print_report(report: service.Report) -> None:
    click.echo(f"Register: {report.register}")
    click.echo(f"Read as: {rules.PROFILES[report.profile].title}, {report.encoding}")
    click.echo(
        f"Rows: {report.rows_read} read, {report.added} added, {report.changed} changed,"
        f" {report.unchanged} unchanged; {report.not_seen} no longer seen"
    )
    if report.same_file:
        click.echo(f"No change: this file was imported before ({report.import_id}).")
    elif report.dry_run:
        click.echo("Nothing was kept: this was a dry run.")
    else:
        click.echo(f"Kept as {report.import_id}.")


def _print_notes(notes: Sequence[rules.Note]) -> None:
    by_kind: dict[str, list[rules.Note]] = defaultdict(list)
    for note in notes:
        by_kind[note.kind].append(note)
    for kind, words in rules.NOTE_KINDS.items():
        found = by_kind.get(kind)
        if not found:
            continue
        click.echo("")
        mended = " (mended)" if words.mended else ""
        click.echo(f"{words.title}{mended}: {len(found)}. {words.remedy}")
        said = [note for note in found if note.found]
        if said and len(said) <= 40:
            for note in found:
                where = f"line {note.line}" if note.line else "the file"
                click.echo(f"  {where}: {note.found or note.column}")
        else:
            click.echo("  " + _lines(found))


def _lines(notes: Sequence[rules.Note]) -> str:
    lines = sorted({note.line for note in notes if note.line})
    if not lines:
        return "column " + ", ".join(note.column for note in notes)
    return f"line{'s' if len(lines) > 1 else ''} " + ", ".join(map(str, lines))


@assets.command("imports")
def list_imports() -> None:
    r"""Show the latest imports, newest first.

    \b
    Example:
      flask ledger assets imports
    """
    with transaction(read_only=True) as session:
        rows = queries.imports(session)
    for row in rows:
        click.echo(
            f"{row.id}  {row.imported_at:%Y-%m-%d %H:%M}  {row.register}: {row.rows_read} rows,"
            f" {row.added} added, {row.changed} changed, {row.not_seen} not seen,"
            f" {row.noted} oddities"
        )
    click.echo(f"{len(rows)} imports")


@assets.command("list")
@click.option("--search", default="", help="Words of the name or address.")
@click.option("--limit", default=50, show_default=True, type=Whole(1, 200))
def list_assets(search: str, limit: int) -> None:
    r"""Show assets by name.

    \b
    Example:
      flask ledger assets list --search "town hall"
    """
    with transaction(read_only=True) as session:
        rows = queries.public_list(session, search=search, limit=limit)
        count = queries.public_count(session, search=search)
    for row in rows:
        click.echo(f"{row.id}  {row.name}, {row.street} {row.postcode} ({row.occupancy})")
    click.echo(f"{len(rows)} of {count}")


@assets.command("idle")
def list_idle() -> None:
    r"""Show the buildings that can be booked, the idlest first.

    \b
    Example:
      flask ledger assets idle
    """
    with transaction(read_only=True) as session:
        book = books.book_id(session, current_app.extensions["ledger.settings"].book_code)
        rows = bookings.idle(session, book=book)
        names = queries.names(session, [row.asset for row in rows])
    for row in rows:
        click.echo(
            f"{row.asset}  {names[row.asset]}: {row.used_percent}% of"
            f" {format_minutes(row.endowed_minutes)} used"
        )
    click.echo(f"{len(rows)} buildings")
