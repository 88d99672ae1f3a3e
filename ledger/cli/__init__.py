"""Commands: ``flask ledger …``, one file for each noun, found by themselves.

A file of this package that makes commands with ``@ledger_group.command`` (or a group of its
own) needs no other mention. A refusal is printed as a sentence with its remedy and exit status
1; nothing that a command does is committed when it refuses.
"""

from __future__ import annotations

import importlib
import pkgutil
from errno import EPIPE
from typing import Any

import click
from flask import Flask
from flask.cli import AppGroup

from ledger.cli.values import check_words
from ledger.kernel.errors import LedgerError


class LedgerGroup(AppGroup):
    """A group whose refusals are sentences, not tracebacks."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Look at every word before any command does."""
        check_words(args)
        return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; print a refusal with its code, and what a file or folder refused."""
        try:
            return super().invoke(ctx)
        except LedgerError as refusal:
            raise click.ClickException(f"{refusal} ({refusal.code})") from refusal
        except OSError as error:
            if error.errno == EPIPE:  # whoever read what we print has left: no fault
                raise
            where = f"{error.filename}: " if error.filename else ""
            raise click.ClickException(
                f"{where}It cannot be read or written ({error.strerror or error})."
                " Choose another file or folder."
            ) from error


ledger_group = LedgerGroup("ledger", help="Keep the Community Ledger: import, look, prove, export.")


def attach(app: Flask) -> None:
    """Put every command on the application."""
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
    _mark_examples(ledger_group)
    app.cli.add_command(ledger_group)


def _mark_examples(group: click.Group) -> None:
    r"""Where a help text says to keep its lines (a bare ``\b``), say it as click understands it."""
    for command in group.commands.values():
        command.help = (command.help or "").replace("\\b\n", "\b\n")
        if isinstance(command, click.Group):
            _mark_examples(command)
