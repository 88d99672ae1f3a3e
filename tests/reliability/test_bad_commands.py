"""What is mistyped after every command: a sentence each, exit status 1 or 2, and nothing written."""

from __future__ import annotations

from pathlib import Path

import click
import pytest
from flask import Flask

from ledger.cli import ledger_group
from tests import cast
from tests.reliability.test_bad_input import rows

RESIDENT = "(a resident)"
BAD: tuple[tuple[str, ...], ...] = (
    ("journal", "0"), ("journal", "-1"), ("journal", "1.5"), ("journal", "1_000"),
    ("journal", "１２"), ("journal", "9" * 20), ("journal", "9" * 5_000), ("journal", "NaN"),
    ("journal", "--after", "9" * 20), ("journal", "--rows", "1_0"), ("journal", "--group", "a\udcff"),
    ("trial-balance", "--on", "2026-02-30"), ("trial-balance", "--on", "2026-2-3"),
    ("trial-balance", "--on", "２０２６-02-03"), ("trial-balance", "--under", "a\udcff"),
    ("statement", "Nowhere"), ("statement", "a\udcff"), ("statement", "x", "--after", "9" * 20),
    ("checkpoint", "show", "9" * 20), ("checkpoint", "show", "1_0"),
    ("export", "--from", "2026-02-30"), ("export", "--from", "2026-03-01", "--to", "2026-02-01"),
    ("export", "--into", "/proc/nowhere"), ("export", "--into", "a\0b"),
    ("jobs", "run", "checkpoint", "--on", "2026-02-30"), ("jobs", "run", "nothing"),
    ("jobs", "run", "checkpoint", "--on", "2999-01-01"), ("jobs", "log", "--limit", "1_0"),
    ("jobs", "log", "--job", "a\udcff"),
    ("people", "add", ""), ("people", "add", "x" * 201), ("people", "add", "a\u202eb"),
    ("people", "add", "Zed", "--email", "not an address"),
    ("people", "add", "Zed", "--email", "a@b.example\nBcc: x@y.example"),
    ("people", "add", "Zed", "--role", "king"), ("people", "link", "a\udcff"),
    ("people", "password", RESIDENT, "--password", "short"),
    ("people", "grant", RESIDENT, "officer", "--organisation", "ORG-NOPE"),
    ("people", "erase", RESIDENT, "--reason", "", "--yes"),
    ("people", "erase", RESIDENT, "--reason", "a\x07 loud one", "--yes"),
    ("trial-balance", "--known-at", "0001-01-01T00:00:00+01:00"),
    ("trial-balance", "--known-at", "2026-02-30T00:00:00Z"), ("statement", "x", "--as-at", "1.5"),
    ("periods", "open", "--from", "2026-02-30", "--to", "2026-03-31", "--token", "x"),
    ("periods", "open", "--from", "2026-02-01", "--to", "2026-03-31", "--token", "a\udcff"),
    ("periods", "report", "9" * 15), ("periods", "report", "1_0"),
    ("periods", "begin", "9" * 20, "--token", "x"), ("periods", "begin", "1", "--token", ""),
    ("periods", "sign", "1", "--reason", "x", "--token", "x"),
    ("periods", "countersign", "1_0", "--token", "x"),
    ("explain", "--period", "1_0", "--first", "now"), ("explain", "--first", "close:x"),
    ("explain", "--on", "2026-02-30", "--first", "now"),
    ("explain", "--period", "9" * 15, "--first", "2026-02-30T00:00:00Z"),
    ("inspection", "open", "1_0", "--from", "2026-03-02", "--token", "x"),
    ("inspection", "open", "1", "--from", "2026-02-30", "--token", "x"),
    ("inspection", "open", "1", "--from", "2026-03-02", "--more-days", "11", "--token", "x"),
    ("inspection", "open", "1", "--from", "2026-03-02", "--token", ""),
    ("inspection", "withhold", "0", "--part", "reason", "--reason", "xyz", "--token", "x"),
    ("inspection", "withhold", "1", "--reason", "xyz", "--token", "x"),
    ("inspection", "show", "x", "--part", "reason", "--reason", "xyz", "--token", "x"),
    ("inspection", "withheld", "INS-NONE"),
    ("inspection", "bundle", "INS-NONE"), ("inspection", "bundle", "a\udcff"),
    ("drafts", "show", "nothing"), ("drafts", "show", "a\udcff"),
    ("drafts", "correct", "--on", "2026-02-30", "--reason", "xyz", "--token", "x"),
    ("drafts", "correct", "--debit", "Assets:Bank", "1.5", "--on", "2026-03-01", "--token", "x"),
    ("drafts", "correct", "--debit", "Assets:Bank", "0", "--on", "2026-03-01", "--token", "x"),
    ("drafts", "lend", "--from", "x", "--into", "y", "--quantity", "1_0", "--token", "x"),
    ("drafts", "lend", "--from", "x", "--into", "y", "--quantity", "9" * 20, "--token", "x"),
    ("drafts", "reverse", "0", "--dated", "today", "--reason", "xyz", "--token", "x"),
    ("drafts", "reverse", "1", "--dated", "2026-03-01", "--reason", "xyz", "--token", "x"),
    ("drafts", "decide", "JNL-NONE", "--verdict", "maybe", "--token", "x"),
    ("drafts", "decide", "JNL-NONE", "--verdict", "yes", "--digest", "x", "--reason", "y",
     "--token", ""),
    ("restore", "/nowhere", "--to", "x"), ("backup", "--to", "/proc/nowhere"),
    ("keys", "restore", "/nowhere.json"), ("keys", "restore", "{readings}"),
    ("extract", "nothing"), ("extract", "journal-risks", "--from", "2026-02-30"),
    ("extract", "journal-risks", "--from", "2026-03-01", "--to", "2026-02-01"),
    ("extract", "journal-risks", "--up-to", "1_0"),
    ("extract", "journal-risks", "--up-to", "9" * 20),
    ("extract", "journal-risks", "--into", "/proc/nowhere"),
    ("sample",), ("sample", "--seed", ""), ("sample", "--seed", "a b"), ("sample", "--seed", "é"),
    ("sample", "--seed", "a", "--count", "0"), ("sample", "--seed", "a", "--count", "1e3"),
    ("sample", "--seed", "a", "--by", "luck"), ("sample", "--seed", "a", "--sign", "odd"),
    ("sample", "--seed", "a", "--from", "2026-03-01"), ("sample", "--seed", "a", "--up-to", "9" * 20),
    ("place", "--admin-name", "Zed"), ("place", "--admin-email", "zed@example.test"),
    ("place", "--name", "x" * 201), ("place", "--name", "a\u202eb"),
    ("tokens", "make", RESIDENT, ""), ("tokens", "make", RESIDENT, "t", "--days", "1_0"),
    ("tokens", "make", RESIDENT, "t", "--days", "0"), ("tokens", "end", RESIDENT, "TOK-NOPE"),
    ("readings", "final", "nothing", "--through", "2024-13"),
    ("readings", "final", "nothing", "--through", "2024-01"),
    ("readings", "name", "nothing", "--name", "Litter"), ("readings", "name", "nothing"),
    ("readings", "name", "nothing", "--name", "a\udcff"),
    ("readings", "import", "/proc/self/mem", "--measure", "x"),
    ("readings", "import", "{readings}", "--measure", "X y"),
    ("readings", "import", "{readings}", "--measure", "x" * 201),
    ("assets", "import", "/proc/self/mem"), ("assets", "import", "{readings}"),
    ("assets", "import", "/nowhere.csv"), ("assets", "list", "--limit", "1_0"),
    ("database-role", ""), ("database-role", "no such role"), ("database-role", "a\udcff"),
)  # fmt: skip


def test_every_command_that_takes_a_value_is_tried(app: Flask) -> None:
    tried = {words[0] for words in BAD} | {" ".join(words[:2]) for words in BAD}
    untried = []
    with click.Context(ledger_group) as top:
        for name in ledger_group.list_commands(top):
            command = ledger_group.get_command(top, name)
            inner = command.commands if isinstance(command, click.Group) else {}
            found = {f"{name} {one}": made for one, made in inner.items()} or {name: command}
            untried += [
                words
                for words, made in found.items()
                if made and words not in tried and any(not is_flag(one) for one in made.params)
            ]
    assert sorted(untried) == ["people end-role", "people list", "tokens list"]
    # These take a reference or a listed word only, as others do that are tried.


def is_flag(parameter: click.Parameter) -> bool:
    return isinstance(parameter, click.Option) and parameter.is_flag


@pytest.mark.parametrize("part", range(4))
def test_a_mistyped_value_is_refused_in_a_sentence(
    app: Flask, place: cast.Place, tmp_path: Path, part: int
) -> None:
    readings = tmp_path / "readings.csv"
    readings.write_bytes(b"area,period,value\nCanal Side,2024-01,3\n")
    runner, faults = app.test_cli_runner(), []
    before = rows(app)
    for words in BAD[part::4]:
        typed = [
            place.people["resident"]
            if word == RESIDENT
            else word.replace("{readings}", str(readings))
            for word in words
        ]
        done = runner.invoke(args=["ledger", *typed])
        clean = done.exception is None or isinstance(done.exception, SystemExit)
        if not clean or done.exit_code not in (1, 2) or "Error: " not in done.output:
            faults.append((words, done.exit_code, repr(done.exception), done.output[-200:]))
        if "constraint" in done.output:
            faults.append((words, done.exit_code, "the database's own words", done.output[-200:]))
    assert faults == []
    assert rows(app) == before
