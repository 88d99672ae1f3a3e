"""B14: a thousand bent packs and one old checkpoint that somebody kept: every one is found (T5).

The tampers are those of somebody inside: they hold the database and the signing key, and where it
helps them they sign the checkpoint and the manifest anew and bend every file alike. The leaves are
the same bytes from both databases and from every version of this service, which the first test holds.
"""

from __future__ import annotations

import base64
import hashlib
import math
import random
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from pathlib import Path

import pytest
from flask import Flask

from ledger.audit import rules
from ledger.books import service as books
from ledger.books.rules import credit, debit
from ledger.exports import checkpoints, pack, signing
from ledger.kernel.db import transact
from scripts import verify_books
from tests.raw_books import NOW, TODAY, open_books, spec

TAMPERS = 1_000
KEPT = 30  # journals under the old checkpoint
EVERY = 40  # journals in the pack
PREFIXES = (4, 9, 15, 22, 29)
MANY = 100_000
PROVED = 12
SECONDS_MAX = 2
VERIFIER = Path(verify_books.__file__)
ALONE = (sys.executable, "-I", "-S")  # nothing that anybody installed can be found
TIMED = """
import sys, time
sys.path.insert(0, sys.argv[1])
from pathlib import Path
import verify_books as verifier
pack = verifier.Pack(Path(sys.argv[2]))
name, public = verifier.read_key(pack.text("checkpoint.key"))
signed = verifier.Checkpoint(pack.text("checkpoint.txt"), name, public, "checkpoint.txt")
began = time.process_time()
verifier.check_leaves(pack, signed, None)
print(time.process_time() - began)
"""
LEAVES_SHA256 = "2fcaf4f506e8efeba7ebdf3b19db6dcfbbcaf98d9d32038e593b63e6d323356c"


@dataclass(frozen=True, slots=True)
class Bench:
    """A true pack, whole packs of its own past, the old checkpoint, and room to bend copies in."""

    whole: Path
    prefixes: dict[int, Path]
    old: str
    key: str
    room: Path


@pytest.fixture
def bench(app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """Forty journals, signed at several sizes on the way."""
    held = lru_cache(maxsize=None)(verify_books.ed25519_holds)
    monkeypatch.setattr(verify_books, "ed25519_holds", held)  # the same question once: it is slow
    book, made, old = open_books(), {}, None
    for number in range(3, EVERY + 1):
        if number > 3:
            gift = spec(
                f"gift-{number:02d}", debit("Assets:Bank", 100 + number),
                credit("Income:Gifts", 100 + number), reason=f"gift of day {number}",
                effective_on=TODAY + timedelta(days=(number * 7) % 40 - 20),
            )  # fmt: skip
            transact(lambda s, gift=gift: books.post(s, book=book, spec=gift, now=NOW))
        if number in (*PREFIXES, KEPT, EVERY):
            row = checkpoints.make(book=book, reason="asked", made_by="PER-A", now=NOW)
            assert row.size == number
            old = row if number == KEPT else old
            made[number] = pack.make(pack.Scope(book, "RAW", number), tmp_path / "packs").folder
    assert old is not None
    return Bench(made.pop(EVERY), made, old.note, old.key_line, tmp_path / "bent")


def prove(bench: Bench, folder: Path, *, old: bool) -> list[str]:
    return verify_books.verify(
        folder, old=bench.old if old else "", key=bench.key, say=lambda _words: None
    )


def lines_of(folder: Path) -> list[bytes]:
    return (folder / "leaves.tsv").read_bytes().splitlines(keepends=True)


def sign_again(folder: Path) -> None:
    """What the insider does last: the checkpoint over what is there now, and the manifest."""
    note = (folder / "checkpoint.txt").read_text()
    name, seed = note.partition("\n")[0], signing.seed()
    rows = [line.rstrip(b"\n").split(b"\t") for line in lines_of(folder)]
    root = rules.root_of(bytes.fromhex(row[1].decode()) for row in rows)
    surveyed = rules.Surveyed(len(rows), root, bytes.fromhex(rows[-1][2].decode()))
    body = rules.checkpoint_body(origin=name, surveyed=surveyed)
    (folder / "checkpoint.txt").write_text(rules.signed_note(body, name=name, seed=seed))
    listed = sorted(path for path in folder.iterdir() if not path.name.startswith("MANIFEST"))
    words = "".join(
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in listed
    )
    (folder / "MANIFEST.sha256").write_text(words)
    digest = hashlib.sha256(words.encode()).hexdigest()
    signed = rules.signed_note(f"{name}\nmanifest {digest}\n", name=name, seed=seed)
    (folder / "MANIFEST.note").write_text(signed)


def chained(leaves: list[bytes]) -> list[bytes]:
    """Lines for these leaves, with hashes and a chain that fit."""
    chain, made = bytes(32), []
    for number, leaf in enumerate(leaves, start=1):
        digest = rules.leaf_hash(leaf)
        chain = hashlib.sha256(b"\x02" + chain + digest).digest()
        made.append(
            b"%d\t%s\t%s\t%s\n" % (number, digest.hex().encode(), chain.hex().encode(), leaf)
        )
    return made


def flip(bench: Bench, chance: random.Random) -> None:
    """One bit of one byte of any file."""
    path = chance.choice(sorted(bench.room.iterdir()))
    raw = bytearray(path.read_bytes())
    raw[chance.randrange(len(raw))] ^= 1 << chance.randrange(8)
    path.write_bytes(bytes(raw))


def cut(bench: Bench, chance: random.Random) -> None:
    """The tail of the history: the leaves alone, anywhere, or a whole pack of the past."""
    if chance.random() < 0.5:
        size = chance.choice(PREFIXES)
        shutil.rmtree(bench.room)
        shutil.copytree(bench.prefixes[size], bench.room)
        return
    raw = (bench.room / "leaves.tsv").read_bytes()
    (bench.room / "leaves.tsv").write_bytes(raw[: chance.randrange(len(raw))])
    if chance.random() < 0.5 and raw_is_whole(bench.room):
        sign_again(bench.room)


def raw_is_whole(folder: Path) -> bool:
    lines = lines_of(folder)
    return bool(lines) and lines[-1].endswith(b"\n")


def reorder(bench: Bench, chance: random.Random) -> None:
    """Two journals change places, with their hashes or with everything made to fit again."""
    lines = lines_of(bench.room)
    one, two = chance.sample(range(KEPT), 2)
    lines[one], lines[two] = lines[two], lines[one]
    if chance.random() < 0.5:
        lines = chained([line.rstrip(b"\n").split(b"\t")[3] for line in lines])
    (bench.room / "leaves.tsv").write_bytes(b"".join(lines))
    if chance.random() < 0.5:
        sign_again(bench.room)


def rechain(bench: Bench, chance: random.Random) -> None:
    """One journal is renamed in every file, as if it had always been so, and all is signed anew."""
    victim = chance.randrange(4, KEPT + 1)
    was, now = b"gift-%02d" % victim, b"gift%c%02d" % (chance.choice(b"ABCDEFGHJKMNPQ"), victim)
    leaves = [line.rstrip(b"\n").split(b"\t")[3] for line in lines_of(bench.room)]
    forged = chained([leaf.replace(was, now) for leaf in leaves])
    (bench.room / "leaves.tsv").write_bytes(b"".join(forged))
    for path in bench.room.iterdir():
        if path.suffix in (".csv", ".journal", ".beancount"):
            path.write_bytes(path.read_bytes().replace(was, now))
    store = sqlite3.connect(bench.room / "books.sqlite")
    store.execute("PRAGMA synchronous=OFF")
    store.execute("UPDATE journal SET id = ? WHERE id = ?", (now.decode(), was.decode()))
    store.commit()
    store.close()
    sign_again(bench.room)


Tamper = Callable[[Bench, random.Random], None]
KINDS: tuple[Tamper, ...] = (flip, cut, reorder, rechain)


def fresh(bench: Bench) -> None:
    shutil.rmtree(bench.room, ignore_errors=True)
    shutil.copytree(bench.whole, bench.room)


def test_the_history_is_the_same_bytes_from_both_databases(bench: Bench) -> None:
    digest = hashlib.sha256((bench.whole / "leaves.tsv").read_bytes()).hexdigest()
    assert digest == LEAVES_SHA256
    assert prove(bench, bench.whole, old=True) == []


def test_a_thousand_of_a_thousand_tampers_are_found(bench: Bench, engine_name: str) -> None:
    chance = random.Random(f"14 {engine_name}")
    found, missed = 0, []
    for number in range(TAMPERS):
        fresh(bench)
        tamper = KINDS[number % len(KINDS)]
        tamper(bench, chance)
        if prove(bench, bench.room, old=True):
            found += 1
        else:
            missed.append((number, tamper.__name__))
    print(f"COUNT b14_tampers={TAMPERS} found={found}")
    assert missed == []


def test_without_the_old_checkpoint_a_full_rechain_and_a_whole_past_would_pass(
    bench: Bench,
) -> None:
    """The control of the test above: it is the checkpoint that somebody kept which finds them."""
    chance, passed = random.Random(15), 0
    for _ in range(25):
        fresh(bench)
        rechain(bench, chance)
        passed += prove(bench, bench.room, old=False) == []
        assert "are not those of the older checkpoint" in prove(bench, bench.room, old=True)[0]
    print(f"COUNT b14_control_rechains=25 passing_without_old={passed}")
    assert passed == 25
    for folder in bench.prefixes.values():
        assert prove(bench, folder, old=False) == []


def test_the_verifier_needs_python_and_nothing_else(bench: Bench) -> None:
    kept = bench.room.parent / "kept.txt"
    kept.write_text(bench.old)

    def alone() -> subprocess.CompletedProcess[str]:
        words = [VERIFIER, bench.room, "--checkpoint", kept, "--key", bench.key]
        return subprocess.run(
            [*ALONE, *map(str, words)], capture_output=True, text=True, check=False
        )

    fresh(bench)
    whole = alone()
    rechain(bench, random.Random(16))
    bent = alone()
    print(f"COUNT b14_alone_whole={whole.returncode} bent={bent.returncode}")
    assert (whole.returncode, bent.returncode) == (0, 1), whole.stdout + bent.stdout


@pytest.fixture
def many(bench: Bench) -> list[bytes]:
    """The hashes of a hundred thousand leaves, in a folder with their signed checkpoint."""
    fresh(bench)
    whole = lines_of(bench.room)
    leaf = whole[-1].rstrip(b"\n").split(b"\t")[3]
    assert b'"gift-40"' in leaf
    leaves = [leaf.replace(b'"gift-40"', b'"gift-%06d"' % number) for number in range(MANY)]
    lines = chained(leaves)
    (bench.room / "leaves.tsv").write_bytes(b"".join(lines))
    name = (bench.room / "checkpoint.txt").read_text().partition("\n")[0]
    digests = [rules.leaf_hash(leaf) for leaf in leaves]
    chain = bytes.fromhex(lines[-1].split(b"\t")[2].decode())
    surveyed = rules.Surveyed(MANY, rules.root_of(digests), chain)
    body = rules.checkpoint_body(origin=name, surveyed=surveyed)
    note = rules.signed_note(body, name=name, seed=signing.seed())
    (bench.room / "checkpoint.txt").write_text(note)
    return digests


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_a_hundred_thousand_leaves_take_two_seconds_and_seventeen_hashes(
    bench: Bench, many: list[bytes]
) -> None:
    """The time is the processor's own, so that a busy machine does not fail it."""
    done = subprocess.run(
        [*ALONE, "-c", TIMED, str(VERIFIER.parent), str(bench.room)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    most, chance = math.ceil(math.log2(MANY)), random.Random(17)
    signed = (bench.room / "checkpoint.txt").read_text().split("\n")
    root = base64.b64decode(signed[2])
    proofs = {}
    for index in (0, MANY - 1, *chance.sample(range(MANY), PROVED - 2)):
        proofs[index] = rules.range_roots(many, rules.inclusion_ranges(index, MANY))
        proof = proofs[index]
        assert verify_books.root_from(many[index], index, MANY, proof) == root
        assert verify_books.root_from(many[index - 1], index, MANY, proof) != root
        assert verify_books.root_from(many[index], index, MANY, proof[:-1]) != root
    longest = max(map(len, proofs.values()))
    print(
        f"COUNT b14_leaves={MANY} seconds={float(done.stdout):.2f}"
        f" proofs={len(proofs)} hashes={longest} most={most}"
    )
    assert float(done.stdout) < SECONDS_MAX
    assert longest <= most


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_one_bit_among_a_hundred_thousand_leaves_is_named(bench: Bench, many: list[bytes]) -> None:
    lines = lines_of(bench.room)
    lines[76_543] = lines[76_543].replace(b"gift-076543", b"gift-076542")
    (bench.room / "leaves.tsv").write_bytes(b"".join(lines))
    assert len(many) == MANY
    done = subprocess.run(
        [*ALONE, "-c", TIMED, str(VERIFIER.parent), str(bench.room)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    print(f"COUNT b14_one_leaf_of={MANY} found={done.returncode}")
    assert "journal 76544: its bytes do not have the hash beside them" in done.stderr
