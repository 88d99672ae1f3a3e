"""Commands: ``flask ledger …``, one file for each noun, found by themselves.

A file of this package that makes commands with ``@ledger_group.command`` (or a group of its
own) needs no other mention. A refusal is printed as a sentence with its remedy and exit status
1; nothing that a command does is committed when it refuses.
"""

from __future__ import annotations

import importlib
import pkgutil
from typing import Any

import click
from flask import Flask
from flask.cli import AppGroup

from ledger.kernel.errors import LedgerError


class LedgerGroup(AppGroup):
    """A group whose refusals are sentences, not tracebacks."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; print a refusal with its code."""
        try:
            return super().invoke(ctx)
        except LedgerError as refusal:
            raise click.ClickException(f"{refusal} ({refusal.code})") from refusal


ledger_group = LedgerGroup("ledger", help="Keep the Community Ledger: import, look, prove, export.")


def attach(app: Flask) -> None:
    """Put every command on the application."""
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
    app.cli.add_command(ledger_group)
