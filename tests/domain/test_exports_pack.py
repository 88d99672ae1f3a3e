"""Audit packs: the same bytes, accepted by accountants' tools, proved offline, any tamper found."""

from __future__ import annotations

import csv
import hashlib
import importlib.util
import json
import random
import re
import shutil
import sqlite3
import subprocess
import sys
import threading
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from ledger.audit import queries as audit_queries
from ledger.audit import rules as audit_rules
from ledger.books import queries
from ledger.books import service as books
from ledger.books.rules import Leg, credit, debit
from ledger.exports import checkpoints, lines, pack, sheets, signing
from ledger.kernel.db import transact, transaction
from ledger.kernel.errors import Invalid, Missing
from tests.checkers import bean_check, hledger
from tests.raw_books import NOW, TODAY, open_books, spec

BANK, GIFTS, ESCROW = "Assets:Bank", "Income:Gifts", "Liabilities:Escrow:PLG-1"
ROOT = Path(__file__).resolve().parents[2]


def _verifier() -> Any:
    found = importlib.util.spec_from_file_location("verify_books", ROOT / "scripts/verify_books.py")
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


VERIFIER = _verifier()


def prove(folder: Path, **facts: str) -> list[str]:
    faults: list[str] = VERIFIER.verify(folder, say=lambda _words: None, **facts)
    return faults


def sign(book: int) -> audit_queries.CheckpointRow:
    return checkpoints.make(book=book, reason="asked", made_by="PER-A", now=NOW)


def make(book: int, into: Path, *days: date) -> pack.Pack:
    with transaction(read_only=True) as session:
        first, last = days or (None, None)
        scope = pack.scope_of(session, book=book, code="RAW", starts_on=first, ends_on=last)
    made = pack.make(scope, into)
    pack.zipped(made)
    return made


@pytest.fixture
def book(app: Flask) -> int:
    """A book with gifts on many days, hours, a hold given up, a reversal and odd words."""
    number = open_books()

    def unit(session: Session) -> None:
        gifts = [
            spec(
                f"gift-{day}", debit(BANK, 100 + day), credit(GIFTS, 100 + day), group="PLG-1",
                effective_on=TODAY + timedelta(days=(day * 7) % 40 - 20),
                reason=("=HYPERLINK(1)", '+1; "x"', "-2 | y, z", "@sum", "plain £5 \\ é")[day % 5],
            )
            for day in range(25)
        ]  # fmt: skip
        hours = spec("hours", debit("Assets:Hours", 90), credit("Income:Hours", 90))
        hold = spec("hold", Leg(ESCROW, "D", 50, "H"), Leg(BANK, "C", 50, "H"), kind="hold")
        books.post_many(session, book=number, specs=[*gifts, hours, hold], now=NOW)
        held = queries.posted(session, number, ["hold"])["hold"][0]
        books.resolve_hold(
            session, book=number, hold=held, spec=spec("void", kind="hold.void"), now=NOW
        )
        books.reverse(
            session, book=number, seq=1, id="undo", now=NOW, effective_on=TODAY, maker="PER-A",
            checker="PER-B", reason="entered twice",
        )  # fmt: skip
        odd = spec("left-held", Leg(ESCROW, "D", 7, "H"), Leg(BANK, "C", 7, "H"), kind="hold")
        books.post(session, book=number, spec=odd, now=NOW)

    transact(unit)
    return number


@pytest.fixture
def made(book: int, tmp_path: Path) -> pack.Pack:
    sign(book)
    return make(book, tmp_path / "packs")


def test_a_pack_holds_what_it_says_and_proves_itself(made: pack.Pack) -> None:
    names = {path.name for path in made.folder.iterdir()}
    assert {"books.sqlite", "entries.csv", "leaves.tsv", "hledger-GBP.journal", "checkpoint.txt",
            "beancount-HOUR.beancount", "MANIFEST.sha256", "MANIFEST.note"} <= names  # fmt: skip
    assert prove(made.folder) == []
    assert not [path for path in made.folder.parent.iterdir() if path.name.startswith(".")]


def test_the_same_period_gives_the_same_bytes(book: int, made: pack.Pack, tmp_path: Path) -> None:
    again = make(book, tmp_path / "again")
    for path in made.folder.iterdir():
        assert path.read_bytes() == (again.folder / path.name).read_bytes(), path.name
    assert made.zip.read_bytes() == again.zip.read_bytes()
    before = made.zip.stat().st_mtime_ns
    assert make(book, tmp_path / "packs") == made
    assert made.zip.stat().st_mtime_ns == before


def test_a_closed_period_is_the_same_pack_for_ever(book: int, tmp_path: Path) -> None:
    march = (date(2026, 3, 1), date(2026, 3, 31))
    period = transact(
        lambda s: books.open_period(s, book=book, starts_on=march[0], ends_on=march[1])
    )
    transact(lambda s: books.begin_closing(s, period=period))
    transact(
        lambda s: books.close_period(
            s, period=period, signed_by="A", countersigned_by="B", reason="all is in", now=NOW
        )
    )
    sign(book)
    first = make(book, tmp_path / "one", *march)
    later = spec("later", debit(BANK, 5), credit(GIFTS, 5), effective_on=date(2026, 4, 1))
    transact(lambda s: books.post(s, book=book, spec=later, now=NOW))
    sign(book)
    second = make(book, tmp_path / "two", *march)
    assert first.zip.read_bytes() == second.zip.read_bytes()
    assert prove(first.folder) == []


def test_a_period_begins_with_its_opening_balances(book: int, tmp_path: Path) -> None:
    sign(book)
    made = make(book, tmp_path, TODAY, TODAY + timedelta(days=5))
    assert prove(made.folder) == []
    assert "opening balances" in (made.folder / "hledger-GBP.journal").read_text()
    _check_with_tools(made.folder)


def _check_with_tools(folder: Path) -> None:
    for path in sorted(folder.glob("hledger-*.journal")):
        assert hledger(path) == 0, path.name
    for path in sorted(folder.glob("*.beancount")):
        assert bean_check(path) == 0, path.name


def test_accountants_tools_accept_the_text_journals(made: pack.Pack) -> None:
    _check_with_tools(made.folder)


def test_one_edited_penny_makes_every_checker_fail(made: pack.Pack, tmp_path: Path) -> None:
    for name, check in (
        ("hledger-GBP.journal", hledger),
        ("beancount-GBP.beancount", bean_check),
    ):
        words = (made.folder / name).read_text()
        place = words.index("1.05 GBP")
        bent = tmp_path / name
        bent.write_text(words[:place] + "1.06" + words[place + 4 :])
        assert check(bent) != 0, name
        (made.folder / name).write_text(bent.read_text())
        assert any(name in fault for fault in prove(made.folder))
        (made.folder / name).write_text(words)


def test_a_closing_balance_that_is_a_penny_out_is_not_let_pass(made: pack.Pack) -> None:
    path = made.folder / "beancount-GBP.beancount"
    words = path.read_text()
    exact = re.search(r"balance Income:Gifts  (-?\d+\.\d\d) ~ 0 GBP", words)
    assert exact is not None
    path.write_text(
        words.replace(exact[1] + " ~ 0", exact[1][:-1] + str((int(exact[1][-1]) + 1) % 10) + " ~ 0")
    )
    assert bean_check(path) != 0


def test_the_database_opens_with_its_links_and_its_trial_balance(
    made: pack.Pack, book: int
) -> None:
    store = sqlite3.connect(made.folder / "books.sqlite")
    assert store.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert store.execute("PRAGMA foreign_key_check").fetchall() == []
    links = {row[2] for row in store.execute("PRAGMA foreign_key_list(entry)")}
    assert links == {"journal", "account"}
    with transaction(read_only=True) as session:
        wanted = {
            row.path: row.net for row in queries.trial_balance(session, book) if row.dr or row.cr
        }
    rows = store.execute(
        "SELECT path, closing FROM trial_balance JOIN account ON account.id = account"
    )
    assert {path: closing for path, closing in rows if path in wanted} == wanted
    total = store.execute("SELECT sum(closing) FROM trial_balance_by_fund").fetchone()
    assert total == (0,)
    store.close()


def test_no_cell_runs_as_a_formula(made: pack.Pack) -> None:
    with (made.folder / "entries.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    texts = [row[name] for row in rows for name in ("id", "group", "reason", "purpose", "maker")]
    assert not [cell for cell in texts if cell.startswith(sheets.FORMULA_STARTS)]
    assert "'=HYPERLINK(1)" in texts
    assert (sheets.guard("=1"), sheets.guard("1")) == ("'=1", "1")


def test_a_pack_that_fails_half_way_is_not_there_and_lets_go_of_the_books(
    app: Flask, book: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a thread: whoever asked the connection for anything else would wait for ever."""
    sign(book)
    failed: list[str] = []

    def full(*_: object) -> dict[str, list[str]]:
        raise OSError("No space left on device")

    def try_it() -> None:
        with app.app_context():
            try:
                make(book, tmp_path)
            except OSError as error:
                failed.append(str(error))

    with monkeypatch.context() as patch:
        patch.setattr(lines, "_rows", full)
        hand = threading.Thread(target=try_it, daemon=True)
        hand.start()
        hand.join(60)
    assert not hand.is_alive()
    assert failed == ["No space left on device"]
    assert list(tmp_path.iterdir()) == []
    assert make(book, tmp_path).folder.exists()


def test_notes_and_names_stay_behind(book: int, tmp_path: Path) -> None:
    noted = spec("noted", debit(BANK, 5), credit(GIFTS, 5), note="for Rosa Mead's mother")
    transact(lambda s: books.post(s, book=book, spec=noted, now=NOW))
    sign(book)
    made = make(book, tmp_path)
    for path in made.folder.iterdir():
        assert b"Rosa" not in path.read_bytes(), path.name


def test_an_older_checkpoint_shows_that_nothing_before_it_changed(
    book: int, tmp_path: Path
) -> None:
    old = sign(book)
    more = spec("more", debit(BANK, 5), credit(GIFTS, 5))
    transact(lambda s: books.post(s, book=book, spec=more, now=NOW))
    sign(book)
    made = make(book, tmp_path)
    assert prove(made.folder, old=old.note, key=old.key_line) == []
    forged = audit_rules.Surveyed(old.size, bytes(32), old.chain)
    body = audit_rules.checkpoint_body(origin=old.origin, surveyed=forged)
    other = audit_rules.signed_note(body, name=old.origin, seed=signing.seed())
    assert any("older checkpoint" in fault for fault in prove(made.folder, old=other))


def _refresh_manifest(folder: Path, seed: bytes, name: str) -> None:
    """What an insider with the key would do after bending a file."""
    hashes = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.iterdir() if not path.name.startswith("MANIFEST")
    }  # fmt: skip
    words = "".join(f"{hashes[file]}  {file}\n" for file in sorted(hashes))
    (folder / "MANIFEST.sha256").write_text(words)
    digest = hashlib.sha256(words.encode()).hexdigest()
    note = audit_rules.signed_note(f"{name}\nmanifest {digest}\n", name=name, seed=seed)
    (folder / "MANIFEST.note").write_text(note)


WORDS_BENT = {
    "a sheet": ("entries.csv", ",105,1.05,", ",106,1.06,"),
    "a sheet's total": (
        "trial-balance.csv", "Income:Gifts,GENERAL,GBP,0,", "Income:Gifts,GENERAL,GBP,1,",
    ),
    "both sides in a text journal": ("hledger-GBP.journal", "1.05 GBP", "1.06 GBP"),
    "the end of a sheet": ("entries.csv", ",-5,", ",-5,x"),
    "a leaf": ("leaves.tsv", '"PER-', '"PEX-'),
}  # fmt: skip
ROWS_BENT = {
    "an entry": "UPDATE entry SET amount = amount + 1 WHERE seq = 5",
    "a journal": "UPDATE journal SET maker = 'PER-Z' WHERE seq = 5",
    "a journal left out": "DELETE FROM journal WHERE seq = 5",
    "the trial balance": "UPDATE trial_balance SET closing = closing + 1",
    "an account left out": "DELETE FROM trial_balance WHERE rowid = 1",
}


def _bend(what: str, folder: Path) -> None:
    if what in ROWS_BENT:
        _sql(folder, ROWS_BENT[what])
        return
    name, old, new = WORDS_BENT[what]
    words = (folder / name).read_text()
    (folder / name).write_text(words.replace(old, new) if old in words else words[:-40])


def _sql(folder: Path, statement: str) -> None:
    store = sqlite3.connect(folder / "books.sqlite")
    store.execute(statement)
    store.commit()
    store.close()


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_an_insider_with_the_key_cannot_bend_one_file(
    book: int, made: pack.Pack, tmp_path: Path
) -> None:
    """The manifest is signed anew each time: what finds it are the leaves."""
    name = json.loads((made.folder / "pack.json").read_text())["origin"]
    for what in (*WORDS_BENT, *ROWS_BENT):
        bent = tmp_path / "bent"
        shutil.copytree(made.folder, bent)
        _bend(what, bent)
        assert prove(bent) != [], what
        _refresh_manifest(bent, signing.seed(), name)
        assert prove(bent) != [], what
        shutil.rmtree(bent)


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_every_flipped_byte_of_any_file_is_found(
    book: int, made: pack.Pack, tmp_path: Path
) -> None:
    chance = random.Random(7)
    bent = tmp_path / "bent"
    shutil.copytree(made.folder, bent)
    for path in sorted(bent.iterdir()):
        whole = path.read_bytes()
        for _ in range(3):
            raw = bytearray(whole)
            raw[chance.randrange(len(raw))] ^= 1 << chance.randrange(8)
            path.write_bytes(bytes(raw))
            assert prove(bent) != [], path.name
        path.write_bytes(whole)
    assert prove(bent) == []
    (bent / "extra.txt").write_text("x")
    assert prove(bent) == ["not in the manifest: extra.txt"]
    (bent / "extra.txt").unlink()
    (bent / "README.txt").unlink()
    assert prove(bent) == ["missing: README.txt"]


def test_the_command_says_proven_or_why_not(made: pack.Pack, tmp_path: Path) -> None:
    def run(*words: object) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-I", str(ROOT / "scripts/verify_books.py"), *map(str, words)],
            capture_output=True, text=True, check=False,
        )  # fmt: skip

    alone = run(made.folder)
    assert (alone.returncode, "agrees with\nitself" in alone.stdout) == (0, True)
    kept = run(made.zip, "--checkpoint", made.folder / "checkpoint.txt", "--key",
               made.folder / "checkpoint.key")  # fmt: skip
    assert kept.stdout.splitlines()[-1] == "PROVEN"
    half = tmp_path / "half.zip"
    half.write_bytes(made.zip.read_bytes()[:5_000])
    for wrong in (half, tmp_path / "nothing", made.folder / "pack.json"):
        assert run(wrong).returncode == 1
    assert run(made.folder, "--key", "x").returncode == 1


def test_a_pack_needs_a_checkpoint_and_a_whole_period(book: int) -> None:
    with transaction(read_only=True) as session:
        with pytest.raises(Missing, match="Nothing in this book was signed"):
            pack.scope_of(session, book=book, code="RAW", starts_on=None, ends_on=None)
        with pytest.raises(Invalid, match="first and a last day"):
            pack.scope_of(session, book=book, code="RAW", starts_on=TODAY, ends_on=None)


def test_a_period_without_journals_is_a_pack_all_the_same(book: int, tmp_path: Path) -> None:
    sign(book)
    made = make(book, tmp_path, date(2020, 1, 1), date(2020, 1, 31))
    assert prove(made.folder) == []
