"""``flask ledger tokens``: make, list and end the tokens by which programs act for a person."""

from __future__ import annotations

import click
from flask.cli import AppGroup

from ledger.cli import ledger_group
from ledger.cli.values import Whole
from ledger.kernel import clock
from ledger.kernel.db import transact, transaction
from ledger.parties import queries, rules, service

BY = "command line"

tokens = AppGroup("tokens", help="Tokens by which programs act for a person.")
ledger_group.add_command(tokens)


@tokens.command("list")
@click.argument("person")
def list_tokens(person: str) -> None:
    r"""Show a person's tokens; secrets are never shown again.

    \b
    Example:
      flask ledger tokens list PER-7K2M9QXA
    """
    with transaction(read_only=True) as session:
        found = queries.tokens(session, queries.person(session, person).id)
    for token in found:
        end = token.ended_at or token.expires_at
        word = "ended" if token.ended_at else "works until"
        click.echo(f"{token.id}  {token.name}  {token.scopes}  {word} {end:%Y-%m-%d}")
    click.echo(f"{len(found)} tokens")


@tokens.command("make")
@click.argument("person")
@click.argument("name")
@click.option(
    "--scope", "scopes", multiple=True, type=click.Choice(rules.SCOPES), default=("read",)
)
@click.option("--days", type=Whole(1, rules.TOKEN_DAYS_MAX), default=90)
def make(person: str, name: str, scopes: tuple[str, ...], days: int) -> None:
    r"""Make a token for a person and print its secret, this once.

    \b
    Example:
      flask ledger tokens make PER-7K2M9QXA "monthly readings" --scope read --scope write --days 90
    """
    made, secret = transact(
        lambda session: service.make_token(
            session, person=person, name=name, scopes=scopes, days=days, by=BY, now=clock.now()
        )
    )
    click.echo(f"{made}\n{secret}")


@tokens.command("end")
@click.argument("person")
@click.argument("token")
def end(person: str, token: str) -> None:
    r"""End one of a person's tokens at once.

    \b
    Example:
      flask ledger tokens end PER-7K2M9QXA TOK-5H1D0PWE
    """
    transact(
        lambda session: service.end_token(
            session, token=token, person=person, by=BY, now=clock.now()
        )
    )
    click.echo("Ended.")
