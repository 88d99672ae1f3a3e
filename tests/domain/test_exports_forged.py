"""Leaves forged by somebody who holds the key: every hash fits, and the journals give them away."""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from ledger.audit import rules as audit_rules
from ledger.books import queries
from ledger.books import service as books
from ledger.books.rules import Leg, credit, debit
from ledger.exports import checkpoints, pack, signing
from ledger.kernel.db import transact, transaction
from tests.domain.test_exports_pack import VERIFIER, prove
from tests.raw_books import NOW, TODAY, open_books, spec

BANK, GIFTS, ESCROW = "Assets:Bank", "Income:Gifts", "Liabilities:Escrow:PLG-1"
pytestmark = pytest.mark.parametrize("engine_name", ["sqlite"])

Facts = dict[str, Any]


@pytest.fixture
def folder(app: Flask, tmp_path: Path) -> Path:
    """A pack that ends with two gifts (4, 5), a hold, its release, and the first gift undone."""
    book = open_books()

    def unit(session: Any) -> None:
        hold = spec("hold", Leg(ESCROW, "D", 50, "H"), Leg(BANK, "C", 50, "H"), kind="hold")
        gifts = [spec(f"gift-{n}", debit(BANK, 100), credit(GIFTS, 100)) for n in (1, 2)]
        books.post_many(session, book=book, specs=[*gifts, hold], now=NOW)
        books.resolve_hold(session, book=book, hold=6, spec=spec("void", kind="hold.void"), now=NOW)
        books.reverse(
            session, book=book, seq=4, id="undo", now=NOW, effective_on=TODAY, maker="PER-A",
            checker="PER-B", reason="entered twice",
        )  # fmt: skip

    transact(unit)
    checkpoints.make(book=book, reason="asked", made_by="PER-A", now=NOW)
    with transaction(read_only=True) as session:
        scope = pack.scope_of(session, book=book, code="RAW", starts_on=None, ends_on=None)
        assert queries.head(session, book).next_seq == 9
    return pack.make(scope, tmp_path / "packs").folder


def _forge(folder: Path, seq: int, bend: Callable[[Facts], object]) -> None:
    """Bend one leaf, then make hashes, chain, root and both signatures fit again."""
    chain, tree, made = bytes(32), audit_rules.Tree(), []
    for line in (folder / "leaves.tsv").read_bytes().splitlines():
        number, _, _, leaf = line.split(b"\t")
        if int(number) == seq:
            facts = json.loads(leaf)
            bend(facts)
            leaf = json.dumps(facts, sort_keys=True, separators=(",", ":")).encode()
        digest = audit_rules.leaf_hash(leaf)
        chain = hashlib.sha256(b"\x02" + chain + digest).digest()
        tree.add(digest)
        made.append(b"\t".join([number, digest.hex().encode(), chain.hex().encode(), leaf]) + b"\n")
    (folder / "leaves.tsv").write_bytes(b"".join(made))
    seed, name = signing.seed(), json.loads((folder / "pack.json").read_text())["origin"]
    root = base64.b64encode(tree.root()).decode()
    body = f"{name}\n{tree.size}\n{root}\nchain {chain.hex()}\n"
    signed = audit_rules.signed_note(body, name=name, seed=seed)
    (folder / "checkpoint.txt").write_text(signed)


def _amount(facts: Facts) -> None:
    facts["entries"][0][3] += 1


def _swap_lines(facts: Facts) -> None:
    facts["entries"].reverse()


FORGED: dict[str, tuple[int, Callable[[Facts], object], str]] = {
    "a penny more on one side": (5, _amount, "journal 5: the balance of Assets:Bank does not follow"),
    "a line too few": (5, lambda f: f["entries"].pop(), "journal 5: it has fewer than two lines"),
    "lines out of order": (5, _swap_lines, "journal 5: its lines are not numbered"),
    "half a penny": (5, lambda f: f["entries"][0].__setitem__(3, 1.5), "whole quantities"),
    "another number": (5, lambda f: f.update(seq=9), "journal 5: its leaf says 9"),
    "a maker who checks": (5, lambda f: f.update(checker=f["maker"]), "journal 5: it was checked by"),
    "an earlier moment": (5, lambda f: f.update(recorded_us=5), "journal 5: it was recorded before"),
    "a fund changed": (
        5, lambda f: [e.__setitem__(6, "OTHER") for e in f["entries"]],
        "journal 5: Assets:Bank changes its unit or fund",
    ),
    "a hold released twice": (8, lambda f: f.update(resolves=6), "it resolves 6 a second time"),
    "a release of what is no hold": (7, lambda f: f.update(resolves=5), "does not release hold 5"),
    "an undoing of another": (8, lambda f: f.update(reverses=3), "it is not the mirror of 3"),
    "an undoing of the future": (8, lambda f: f.update(reverses=9), "or too early"),
    "a fact left out": (5, lambda f: f.pop("maker"), "journal 5: its leaf is not a journal"),
}  # fmt: skip


@pytest.mark.parametrize("what", FORGED)
def test_a_forged_journal_is_named(folder: Path, what: str) -> None:
    seq, bend, words = FORGED[what]
    _forge(folder, seq, bend)
    faults = prove(folder)
    assert any(words in fault for fault in faults), faults
    assert not any("root" in fault for fault in faults), "the forger holds the key"


def test_both_sides_bent_alike_show_in_the_account(folder: Path) -> None:
    """A transaction that balances, whose balances were not carried on."""
    _forge(folder, 5, lambda facts: [entry.__setitem__(3, 7) for entry in facts["entries"]])
    assert any("journal 5: the balance of Assets:Bank does not follow" in f for f in prove(folder))


def test_an_unbalanced_journal_is_named_even_when_accounts_follow(folder: Path) -> None:
    def more(facts: Facts) -> None:
        first = facts["entries"][0]
        first[3] += 1
        first[8] += 1

    _forge(folder, 5, more)
    assert any("journal 5: it does not balance" in fault for fault in prove(folder))


def test_a_journal_moved_to_another_period_is_named(folder: Path) -> None:
    facts = json.loads((folder / "pack.json").read_text())
    later = {"starts_on": str(TODAY + timedelta(days=1)), "ends_on": str(TODAY + timedelta(days=9))}
    (folder / "pack.json").write_text(json.dumps(facts | later))
    assert any("journal 1: 2026-03-02 is outside the period" in fault for fault in prove(folder))


def test_each_step_says_what_to_do(folder: Path) -> None:
    said: list[str] = []
    _forge(folder, 5, _amount)
    assert VERIFIER.verify(folder, say=said.append) != []
    faults = [words for words in said if words.startswith("FAULT")]
    assert faults
    assert all("auditor" in words or "ask" in words.lower() for words in faults)


TEXTS: dict[str, tuple[str, str, str]] = {
    "the day of a journal": ("hledger-GBP.journal", "2026-03-02 * (5)", "2026-03-03 * (5)"),
    "the words beside a journal": ("beancount-GBP.beancount", "gift-2", "gift-3"),
    "a number that nobody gave": ("hledger-GBP.journal", "* (5)", "* (9)"),
    "an account that is declared": ("hledger-GBP.journal", "account Assets:Bank\n", ""),
    "the closing balance": ("beancount-GBP.beancount", "balance Assets:Bank  1", "balance Assets:Bank  2"),
}  # fmt: skip


@pytest.mark.parametrize("what", TEXTS)
def test_a_bent_text_journal_is_named(folder: Path, what: str) -> None:
    name, old, new = TEXTS[what]
    words = (folder / name).read_text()
    assert old in words
    (folder / name).write_text(words.replace(old, new))
    assert any(fault.startswith(f"{name}: this is not what") for fault in prove(folder))


def test_a_journal_added_to_a_text_or_left_out_is_found(folder: Path) -> None:
    path = folder / "hledger-GBP.journal"
    words = path.read_text()
    extra = "\n2026-03-02 * extra\n    Assets:Bank  1.00 GBP\n    Income:Gifts  -1.00 GBP\n"
    block = words[words.index("\n2026-03-02 * (5)") : words.index("\n2026-03-02 * (8)")]
    for bent in (words + extra, words.replace(block, ""), words.replace(block, block + block)):
        path.write_text(bent)
        assert any(fault.startswith("hledger-GBP.journal") for fault in prove(folder))
    path.write_text(words)
    shutil.copy(path, folder / "kept")
    assert prove(folder) == ["not in the manifest: kept"]
