"""A refusal, command, setting or job without its paragraph fails here."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest
from flask import Flask

from ledger.cli import ledger_group
from ledger.kernel.errors import LedgerError
from scripts import render_docs

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"


def refusals(base: type[LedgerError] = LedgerError) -> set[type[LedgerError]]:
    below = {one for child in base.__subclasses__() for one in refusals(child)}
    return {base} | below if base.__module__.startswith("ledger.") else below


def commands(group: click.Group, words: str) -> list[tuple[str, click.Command]]:
    found = []
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            found += commands(command, f"{words} {name}")
        else:
            found.append((f"{words} {name}", command))
    return found


def test_every_refusal_has_its_paragraph(app: Flask) -> None:
    text = (DOCS / "errors.md").read_text()
    headings = set(re.findall(r"^### `([^`]+)`", text, re.MULTILINE))
    codes = {one.code for one in refusals()}
    assert codes - headings == set(), "these codes have no heading in docs/errors.md"
    assert headings - codes == set(), "docs/errors.md describes codes that are gone"


def test_no_two_refusals_share_a_code(app: Flask) -> None:
    codes = sorted(one.code for one in refusals())
    assert [code for code in set(codes) if codes.count(code) > 1] == []


def test_every_command_is_described_and_shows_an_example(app: Flask) -> None:
    text = (DOCS / "cli.md").read_text()
    found = commands(ledger_group, "flask ledger")
    assert [words for words, _ in found if words not in text] == [], "missing in docs/cli.md"
    assert [words for words, one in found if "Example" not in (one.help or "")] == []


def test_the_help_of_a_command_keeps_the_lines_of_its_examples(app: Flask) -> None:
    runner = app.test_cli_runner()
    for words, _ in commands(ledger_group, "ledger"):
        shown = runner.invoke(args=[*words.split(), "--help"]).output
        assert "\\b" not in shown, words
        assert re.search(r"\n  Examples?:\n    flask ledger", shown), (words, shown)


def test_every_setting_is_in_the_runbook() -> None:
    used = set()
    for folder in ("config", "ledger", "scripts"):
        for path in (ROOT / folder).rglob("*.py"):
            used |= set(re.findall(r"\bLEDGER_[A-Z_0-9]+", path.read_text()))
    text = (DOCS / "runbook.md").read_text()
    assert sorted(name for name in used if f"`{name}`" not in text) == []


def test_every_job_is_described(app: Flask) -> None:
    from ledger.jobs.registry import JOBS

    text = (DOCS / "jobs.md").read_text()
    assert [job.name for job in JOBS if f"`{job.name}`" not in text] == []


@pytest.mark.parametrize("path", render_docs.documents(), ids=lambda path: path.name)
def test_a_document_is_current_and_its_links_lead_somewhere(path: Path) -> None:
    text = path.read_text()
    assert render_docs.rendered(text) == text, "run scripts/check --fix"
    assert list(render_docs.broken_links(path, text)) == []
