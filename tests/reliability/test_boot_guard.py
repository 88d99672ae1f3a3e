"""The service starts on a safe database, and upon an unsafe one it ends with a sentence.

Each start is a process of its own, in which gunicorn loads the service as it does before serving.
``tests/domain/test_kernel_db.py`` tries the rules behind it, version by version.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import Engine, text

from ledger.kernel import db as kernel_db
from ledger.kernel import keys
from ledger.kernel.db import check_ready, db, opened
from ledger.kernel.errors import NotReady
from tests.unguarded import take_off

ROOT = Path(__file__).resolve().parents[2]

OLD_SQLITE = """
import pysqlite3.dbapi2
pysqlite3.dbapi2.sqlite_version_info = {version}
"""
NO_FOREIGN_KEYS = """
import pysqlite3.dbapi2 as driver

class Cursor(driver.Cursor):
    def execute(self, words, *values):
        return super().execute(words.replace("foreign_keys=1", "foreign_keys=0"), *values)

class Connection(driver.Connection):
    def cursor(self, factory=Cursor):
        return super().cursor(factory)

whole = driver.connect
driver.connect = lambda *where, **how: whole(*where, factory=Connection, **how)
"""
"""An SQLite that was built without foreign keys takes the pragma, and does nothing."""


def own_keys() -> str:
    """Where the keys are with which the test's database was filled."""
    return keys.store().url.render_as_string(hide_password=False)


def starts(folder: Path, *asked: tuple[str, str]) -> list[tuple[int, str]]:
    """Let gunicorn load the service, each time in a process of its own; how each ended, and said."""
    served = db.engine.url.render_as_string(hide_password=False).replace("+psycopg", "")
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LEDGER_")}
    secret = {"LEDGER_SECRET_KEY": "only for tests, and longer than any guess"}
    lines = [json.dumps([url or served, before]) for url, before in asked]
    done = subprocess.run(
        [sys.executable, "-m", "tests.reliability.starts"], input="\n".join(lines), cwd=ROOT,
        capture_output=True, text=True, check=True, timeout=120,
        env=kept | secret | {"LEDGER_DATA_DIR": str(folder), "LEDGER_KEYS_URL": own_keys()},
    )  # fmt: skip
    return [(status, said) for status, said in map(json.loads, done.stdout.splitlines())]


def bare_copy(folder: Path) -> Path:
    """The test's SQLite database once more, without one of its triggers."""
    db.engine.dispose()
    copy = folder / "copy.sqlite"
    shutil.copyfile(db.engine.url.database or "", copy)
    with opened(f"sqlite:///{copy}") as engine, engine.connect() as connection:
        connection.execute(text("DROP TRIGGER entry_checks"))
        connection.commit()
    return copy


def refused(words: str, started: tuple[int, str]) -> bool:
    """Whether it ended with an error, and said which."""
    status, said = started
    return status != 0 and "NotReady" in said and words in said


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_an_unsafe_sqlite_is_refused_and_the_good_one_starts(app: Flask, tmp_path: Path) -> None:
    copy = bare_copy(tmp_path)
    unsafe = {
        "SQLite 3.40.1 can corrupt": ("", OLD_SQLITE.format(version=(3, 40, 1))),
        "SQLite 3.51.2 can corrupt": ("", OLD_SQLITE.format(version=(3, 51, 2))),
        "did not accept these settings: foreign_keys": ("", NO_FOREIGN_KEYS),
        "1 of its guards: entry_checks": (f"sqlite:///{copy}", ""),
        "lacks": (f"sqlite:///{tmp_path / 'empty.sqlite'}", ""),
    }
    good, *found = starts(tmp_path, ("", ""), *unsafe.values())
    missed = [words for words, one in zip(unsafe, found, strict=True) if not refused(words, one)]
    print(
        f"COUNT engine=sqlite boot_unsafe={len(found)} boot_refused={len(found) - len(missed)}"
        f" boot_good_exit={good[0]}"
    )
    assert good == (0, "")
    assert missed == []


@pytest.mark.parametrize("engine_name", ["postgresql"])
def test_a_missing_trigger_is_refused_and_the_whole_schema_starts(
    app: Flask, tmp_path: Path
) -> None:
    (good,) = starts(tmp_path, ("", ""))
    take_off("entry_checks")
    (bad,) = starts(tmp_path, ("", ""))
    print(
        f"COUNT engine=postgresql boot_unsafe=1 boot_refused={int(refused('entry_checks', bad))}"
        f" boot_good_exit={good[0]}"
    )
    assert good == (0, "")
    assert refused("1 of its guards: entry_checks", bad), bad


def guards(engine: Engine) -> list[str]:
    """Every trigger and exclusion constraint that is in the database."""
    with engine.connect() as connection:
        return sorted(kernel_db._guard_names(connection))


def test_each_guard_is_missed_by_its_name(app: Flask, engine_name: str) -> None:
    """One after another is taken off: none that the migrations made is missed in silence."""
    check_ready(db.engine)
    made, unseen = guards(db.engine), []
    for gone, guard in enumerate(made, start=1):
        take_off(guard)
        try:
            check_ready(db.engine)
            unseen.append(guard)
        except NotReady as refusal:
            if f"lacks {gone} of its guards" not in str(refusal):
                unseen.append(guard)
    print(f"COUNT engine={engine_name} boot_guards={len(made)} unseen={len(unseen)}")
    assert (unseen, guards(db.engine)) == ([], [])
    assert len(made) > 100
