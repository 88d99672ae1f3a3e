"""``flask ledger readings``: take in a supplier's counts, mark them final, look at measures."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click
from flask.cli import AppGroup

from ledger.cli import ledger_group
from ledger.cli.values import Month
from ledger.kernel import clock, limits
from ledger.kernel.db import transact, transaction
from ledger.kernel.errors import Invalid
from ledger.outcomes import queries, service
from ledger.outcomes.rules.files import ParsedFile, check_code, parse
from ledger.outcomes.rules.naming import BETTER, Naming
from ledger.outcomes.rules.refusals import RowsRefused
from ledger.parties.rules import Actor

BY = Actor("command-line", frozenset({"analyst"}), None)

readings = AppGroup("readings", help="Counts that outcomes are judged on.")
ledger_group.add_command(readings)


def _code(_ctx: click.Context, _param: click.Parameter, value: str) -> str:
    try:
        return check_code(value)
    except Invalid as refusal:
        raise click.BadParameter(f"{refusal.facts} {refusal.remedy}") from None


@readings.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--measure", required=True, callback=_code, help="Code of the measure or family.")
@click.option("--dry-run", is_flag=True, help="Say what would change and keep nothing.")
def import_file(file: Path, *, measure: str, dry_run: bool) -> None:
    r"""Read a CSV file of monthly counts. Any bad value refuses the file, by line.

    A wide file (MajorText, MinorText, LookUp_BoroughName, 201004, …) makes one measure for each
    offence, named under MEASURE; a long one (area, period, value) is about MEASURE itself.
    Changed counts become revisions; the same file again changes nothing.

    \b
    Example:
      flask ledger readings import borough_crime.csv --measure mps
    """
    with file.open("rb") as stream:  # never more of it, whatever its size is said to be
        content = stream.read(limits.IMPORT_BYTES_MAX + 1)
    parsed = _parse(content, file.name)
    _print_problems(parsed)
    with click.progressbar(length=parsed.reading_count, label="Storing") as bar:
        report = transact(
            lambda session: service.import_readings(
                session, measure=measure, parsed=parsed, content=content, filename=file.name,
                actor=BY, now=clock.now(), dry_run=dry_run,
                tick=lambda stored: bar.update(stored - bar.pos),
            )
        )  # fmt: skip
    _print_report(report)
    if parsed.problem_count:
        raise RowsRefused(
            f"{parsed.problem_count:,} values cannot be used.",
            remedy="Mend them and import again.",
            place=file.name,
        )


def _parse(content: bytes, name: str) -> ParsedFile:
    lines = content.count(b"\n")
    with click.progressbar(length=lines, label=f"Reading {name}") as bar:
        parsed = parse(
            content, today=clock.london_day(clock.now()), name=name,
            tick=lambda line: bar.update(max(0, min(line, lines) - bar.pos)),
        )  # fmt: skip
        bar.update(lines - bar.pos)
    return parsed


def _print_problems(parsed: ParsedFile) -> None:
    for problem in parsed.problems:
        column = f", {problem.column}" if problem.column else ""
        click.echo(f"  line {problem.line}{column}: {problem.facts}. {problem.remedy}", err=True)
    if parsed.problem_count > len(parsed.problems):
        click.echo(f"  and {parsed.problem_count - len(parsed.problems):,} more", err=True)


def _print_report(report: service.Report) -> None:
    click.echo(
        f"{report.rows:,} rows, {report.readings:,} readings: {report.added:,} added,"
        f" {report.revised:,} revised, {report.unchanged:,} unchanged"
    )
    if report.same_file:
        click.echo("No change: this file was imported before.")
    elif report.dry_run:
        click.echo("Nothing was kept: this was a dry run.")


@readings.command("measures")
def list_measures() -> None:
    r"""Show measures with the month through which they are final.

    \b
    Example:
      flask ledger readings measures
    """
    with transaction(read_only=True) as session:
        views = queries.measures(session)
    for view in views:
        final = f"{view.final_through:%Y-%m}" if view.final_through else "not yet"
        click.echo(f"{view.version_id}  {view.name}; final through: {final}")
    click.echo(f"{len(views)} measures")


@readings.command("name")
@click.argument("measure")
@click.option("--name", required=True, help="What it is called on every page.")
@click.option("--counted", default="", help="What one of it is, in words.")
@click.option("--better", type=click.Choice(tuple(BETTER)), default="lower", help="Which way.")
def name_measure(measure: str, *, name: str, counted: str, better: str) -> None:
    r"""Name a measure that a file brought, so that nobody meets it by its code.

    \b
    Example:
      flask ledger readings name fires.deliberate --name "Deliberate fires" --counted "a fire attended"
    """
    transact(
        lambda session: service.name_measure(
            session, measure=measure, naming=Naming(name, counted, better), actor=BY,
            now=clock.now(),
        )
    )  # fmt: skip
    click.echo(f"{measure} is called {name}.")


@readings.command("final")
@click.argument("measure")
@click.option("--through", required=True, type=Month(), help="Last month.")
def mark_final(measure: str, *, through: date) -> None:
    r"""Mark a measure's readings complete through a month. It only goes forward.

    \b
    Example:
      flask ledger readings final mps.arson-and-criminal-damage.arson --through 2021-11
    """
    transact(
        lambda session: service.mark_final(
            session, measure=measure, through_on=through, actor=BY, now=clock.now()
        )
    )
    click.echo(f"{measure} is final through {through:%B %Y}.")
