"""``flask ledger sample``: some journals of a period, drawn by a seed."""

from __future__ import annotations

from datetime import date

import click
from flask import current_app

from ledger.cli import ledger_group
from ledger.cli.books import DAY, this_book
from ledger.cli.values import Whole
from ledger.exports import extracts, rules, sampling
from ledger.exports.sampling import Draw, Sample
from ledger.kernel.db import transaction
from ledger.kernel.limits import SAMPLE_JOURNALS_MAX
from ledger.kernel.money import format_pence


@ledger_group.command("sample")
@click.option("--seed", required=True, help="Letters and digits; the same seed draws the same.")
@click.option("--by", "way", type=click.Choice(list(rules.WAYS)), default="random",
              help="At random, by money, or those with the most signs.")  # fmt: skip
@click.option("--sign", type=click.Choice(list(rules.SIGNS)), default=None,
              help="Only journals that show this sign of risk.")  # fmt: skip
@click.option("--count", type=Whole(1, SAMPLE_JOURNALS_MAX), default=sampling.COUNT_USUAL,
              help="How many journals.")  # fmt: skip
@click.option("--from", "starts", type=DAY, default=None, help="First day of the period.")
@click.option("--to", "ends", type=DAY, default=None, help="Last day of the period.")
@click.option("--up-to", "size", type=Whole(), default=None, help="Journals up to this number.")
def sample(
    *, seed: str, way: str, sign: str | None, count: int, starts: date | None, ends: date | None,
    size: int | None,
) -> None:  # fmt: skip
    r"""Draw a sample of the journals of a period, or of all days, by a seed.

    Anybody who has the journals and the seed can draw the same again: see the rules X15 to X18.
    Each line is a journal: number, day, kind, pounds, signs of risk, lot.

    \b
    Examples:
      flask ledger sample --seed 3f9a --from 2025-04-01 --to 2026-03-31
      flask ledger sample --seed 3f9a --by money --count 60 --up-to 1200
      flask ledger sample --seed 3f9a --sign back-dated
    """
    with transaction(read_only=True) as session:
        scope = extracts.scope_of(
            session, book=this_book(session),
            code=current_app.extensions["ledger.settings"].book_code,
            starts_on=starts, ends_on=ends, size=size,
        )  # fmt: skip
        found = sampling.sample(session, scope, Draw(seed, way, count, sign or ""))
    _show(found)


def _show(found: Sample) -> None:
    for one in found.drawn:
        journal = one.journal
        cells = (
            str(journal.seq), journal.effective_on.isoformat(), journal.kind,
            format_pence(journal.pence), ",".join(journal.risks.signs) or "-", one.lot,
        )  # fmt: skip
        click.echo("\t".join(cells))
    marks = f", from penny {found.start} every {found.interval}" if found.interval else ""
    click.echo(
        f"{len(found.drawn)} of {found.journals} journals up to number {found.scope.size},"
        f" {format_pence(found.pence)} in all{marks}; seed {found.draw.seed}.",
        err=True,
    )
