#!/usr/bin/env python3
"""Prove an audit pack or a receipt of the Community Ledger, without the service or the network.

    python3 verify_books.py PACK [--checkpoint OLD.txt] [--key KEY]
    python3 verify_books.py RECEIPT.txt --key KEY [--witness KEY]...

It needs Python 3.11 and nothing else: read it before you trust it.

A RECEIPT is the small text that a page offers for a promise, a booking or a dividend. It proves
that each entry in it is one of those that the books' key has signed, and says in plain words what
the entry is. With --witness, the public key of somebody outside whom you trust to have watched
(once for each, or a file with them), it also proves that more than half of those have signed the
same books, or as many as --witnesses-needed says.

PACK is the folder or the .zip. What is proved of it, in this order:

 1. every file is the one in the manifest, none is missing and none was added, and the manifest
    is signed;
 2. the checkpoint is signed by the key;
 3. every leaf has the hash that stands beside it, follows the chain, and all together have the
    root that the checkpoint says;
 4. an older checkpoint that you kept is the beginning of this history (--checkpoint);
 5. every journal in the leaves balances by unit, fund and layer, was not checked by its maker,
    resolves a hold wholly or reverses another exactly; versions and balances of each account
    follow from one another;
 6. the database, the sheets and the text journals say what the leaves say, line by line, and
    the trial balance is their sum.

All leaves pass by once, some hundred at a time: it needs as much memory for a million journals as
for a thousand. A pack's decisions are made again by verify_decisions.py.

KEY is the public key as the service publishes it (a line NAME+ID+KEY, or a file with it).
Without KEY or an older checkpoint the pack can only be compared with itself; it says so.
Exit status 0: everything holds. 1: something does not, each fault on its own line. 2: usage.
"""

from __future__ import annotations

import argparse
import base64
import csv
import hashlib
import io
import json
import os
import re
import shutil
import sqlite3
import sys
import tempfile
import zipfile
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import date, datetime, timedelta
from functools import cached_property, lru_cache, partial
from itertools import zip_longest
from operator import itemgetter
from pathlib import Path
from typing import Any, NamedTuple

FAULTS_SHOWN_MAX = 20


class Fault(Exception):
    """Something does not hold; the message says what and where."""


# --- Ed25519 (RFC 8032), only to verify -----------------------------------------------------

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT_OF_MINUS_ONE = pow(2, (P - 1) // 4, P)
Point = tuple[int, int, int, int]


def _add(one: Point, two: Point) -> Point:
    a = (one[1] - one[0]) * (two[1] - two[0]) % P
    b = (one[1] + one[0]) * (two[1] + two[0]) % P
    c, d = 2 * one[3] * two[3] * D % P, 2 * one[2] * two[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def _times(factor: int, point: Point) -> Point:
    result: Point = (0, 1, 1, 0)
    while factor:
        if factor & 1:
            result = _add(result, point)
        point = _add(point, point)
        factor >>= 1
    return result


def _x_of(y: int, sign: int) -> int:
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT_OF_MINUS_ONE % P
    if y >= P or (x * x - square) % P or (x == 0 and sign):
        raise ValueError("not a point")
    return P - x if x & 1 != sign else x


def _point(raw: bytes) -> Point:
    y = int.from_bytes(raw, "little")
    sign, y = y >> 255, y & ((1 << 255) - 1)
    x = _x_of(y, sign)
    return x, y, 1, x * y % P


_BASE_Y = 4 * pow(5, P - 2, P) % P
BASE: Point = (_x_of(_BASE_Y, 0), _BASE_Y, 1, _x_of(_BASE_Y, 0) * _BASE_Y % P)


def ed25519_holds(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether this is the key's signature of the message."""
    if len(public) != 32 or len(signature) != 64:
        return False
    try:
        key, commitment = _point(public), _point(signature[:32])
    except ValueError:
        return False
    scalar = int.from_bytes(signature[32:], "little")
    if scalar >= ORDER:
        return False
    digest = hashlib.sha512(signature[:32] + public + message).digest()
    left = _times(scalar, BASE)
    right = _add(commitment, _times(int.from_bytes(digest, "little") % ORDER, key))
    return (left[0] * right[2] - right[0] * left[2]) % P == 0 and (
        left[1] * right[2] - right[1] * left[2]
    ) % P == 0


# --- signed notes and checkpoints (C2SP) -----------------------------------------------------


def read_key(line: str, kind: bytes = b"\x01") -> tuple[str, bytes]:
    """Name and 32 bytes of a key line ``NAME+ID+KEY``: of the books, or of a witness (0x04)."""
    try:
        name, number, encoded = line.strip().split("+", 2)
        raw = base64.b64decode(encoded, validate=True)
    except ValueError as error:
        raise Fault("the key is not a line NAME+ID+KEY") from error
    expected = hashlib.sha256(name.encode() + b"\n" + raw).digest()[:4].hex()
    if raw[:1] != kind or len(raw) != 33 or number != expected:
        raise Fault("the key does not match its own id, or is for something else")
    return name, raw[1:]


def exactly(encoded: str) -> bytes:
    """What base64 stands for, if it is written in the one way that it can be."""
    raw = base64.b64decode(encoded, validate=True)
    if base64.b64encode(raw).decode() != encoded:
        raise ValueError("base64 with bits to spare")
    return raw


def signatures_by(name: str, kind_and_key: bytes, lines: Iterable[str]) -> Iterator[bytes]:
    """What the lines below a note hold of this key."""
    identifier = hashlib.sha256(name.encode() + b"\n" + kind_and_key).digest()[:4]
    for line in lines:
        words = line.split(" ")
        if len(words) != 3 or words[:2] != ["\u2014", name]:
            continue
        try:
            raw = exactly(words[2])
        except ValueError:
            continue
        if raw[:4] == identifier:
            yield raw[4:]


def open_note(note: str, name: str, public: bytes, what: str) -> list[str]:
    """The lines of a signed note whose signature by the key holds."""
    body, gap, signatures = note.partition("\n\n")
    body += "\n"
    for raw in signatures_by(name, b"\x01" + public, signatures.split("\n")):
        if ed25519_holds(public, body.encode(), raw):
            return body.splitlines() if gap else []
    raise Fault(f"{what}: no signature by the key {name} holds")


def cosigned(note: str, name: str, public: bytes) -> bool:
    """Whether a witness's line below a checkpoint holds (C2SP tlog-cosignature)."""
    body, _, signatures = note.partition("\n\n")
    for raw in signatures_by(name, b"\x04" + public, signatures.split("\n")):
        message = f"cosignature/v1\ntime {int.from_bytes(raw[:8])}\n{body}\n".encode()
        if not ed25519_holds(public, message, raw[8:]):
            raise Fault(f"the co-signature by {name} does not hold")
        return True
    return False


class Checkpoint:
    """What a checkpoint says: how many journals, their root and the chain's head."""

    def __init__(self, note: str, name: str, public: bytes, what: str) -> None:
        lines = open_note(note, name, public, what)
        try:
            self.origin, self.size = lines[0], int(lines[1])
            self.root = base64.b64decode(lines[2], validate=True)
            self.chain = bytes.fromhex(lines[3].removeprefix("chain "))
        except (IndexError, ValueError) as error:
            raise Fault(f"{what}: it is not a checkpoint") from error
        if self.origin != name:
            raise Fault(f"{what}: it is of {self.origin}, the key is of {name}")


# --- the tree over all journals (RFC 9162) ---------------------------------------------------

BLOCK_LEAVES = 1024


def _folded(level: list[bytes]) -> bytes:
    """The root over these hashes; an odd one at the end goes up as it is."""
    sha256 = hashlib.sha256
    while len(level) > 1:
        odd = level[-1:] if len(level) & 1 else []
        pairs = zip(level[::2], level[1::2], strict=False)
        level = [sha256(b"\x01" + left + right).digest() for left, right in pairs] + odd
    return level[0] if level else sha256(b"").digest()


class Tree:
    """A tree that grows by runs of leaves and keeps only its right edge."""

    def __init__(self) -> None:
        self.size = 0
        self._edge: list[bytes] = []
        self._rest: list[bytes] = []

    def add(self, digests: list[bytes]) -> None:
        """Add the hashes of the next leaves."""
        rest = self._rest + digests
        whole = len(rest) - len(rest) % BLOCK_LEAVES
        for start in range(0, whole, BLOCK_LEAVES):
            blocks = (self.size - len(self._rest) + start) // BLOCK_LEAVES
            digest = _folded(rest[start : start + BLOCK_LEAVES])
            while blocks & 1:
                digest = hashlib.sha256(b"\x01" + self._edge.pop() + digest).digest()
                blocks >>= 1
            self._edge.append(digest)
        self.size += len(digests)
        self._rest = rest[whole:]

    def root(self) -> bytes:
        """The root over all leaves so far."""
        edge = self._edge + ([_folded(self._rest)] if self._rest or not self._edge else [])
        root = edge[-1]
        for left in reversed(edge[:-1]):
            root = hashlib.sha256(b"\x01" + left + root).digest()
        return root


# --- receipts (C2SP tlog-proof, one for each entry) ------------------------------------------

RECEIPT = "c2sp.org/tlog-proof@v1\n"
RECEIPT_BYTES_MAX = 1_000_000
ENTRY = re.compile(
    re.escape(RECEIPT) + r"extra ([A-Za-z0-9+/=]+)\nindex (0|[1-9][0-9]{0,17})\n"
    r"((?:[A-Za-z0-9+/=]+\n)*)\n((?:[^\n]+\n)+\n(?:\u2014 [^ \n]+ [A-Za-z0-9+/=]+\n)+)"
)


def root_from(digest: bytes, index: int, size: int, proof: list[bytes]) -> bytes:
    """The root that a leaf's hash and the hashes beside its path lead to (RFC 9162, 2.1.3.2)."""
    node, last = index, size - 1
    for sibling in proof:
        if len(sibling) != 32 or last <= 0:
            return b""
        if node & 1 or node == last:
            digest = hashlib.sha256(b"\x01" + sibling + digest).digest()
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            digest = hashlib.sha256(b"\x01" + digest + sibling).digest()
        node, last = node >> 1, last >> 1
    return digest if last == 0 and index < size else b""


def entries(words: str, name: str, public: bytes) -> Iterator[tuple[dict[str, Any], str]]:
    """What each entry of a receipt says, once it was found to be in the signed books; its note."""
    opened: dict[str, Checkpoint] = {}
    rest, number = words, 0
    while rest or not number:
        number += 1
        found = ENTRY.match(rest)
        if found is None:
            raise Fault(f"entry {number} of the receipt does not have the form of one")
        note, index = found[4], int(found[2])
        signed = opened.get(note) or Checkpoint(note, name, public, f"entry {number}")
        opened[note] = signed
        try:
            leaf = exactly(found[1])
            proof = [exactly(line) for line in found[3].split("\n")[:-1]]
            facts = json.loads(leaf)
            if facts["seq"] != index + 1:
                raise Fault(f"entry {number} of the receipt says that it is another")
        except (ValueError, KeyError, TypeError) as error:
            raise Fault(f"entry {number} of the receipt was changed: it cannot be read") from error
        digest = hashlib.sha256(b"\x00" + leaf).digest()
        if root_from(digest, index, signed.size, proof) != signed.root:
            raise Fault(
                f"entry {number} of the receipt was changed: the signed books do not hold it"
            )
        yield facts, note
        rest = rest[found.end() :]


def in_words(facts: dict[str, Any]) -> str:
    """What an entry is, for whoever holds the receipt."""
    first = facts["entries"][0]
    quantity = sum(
        entry[3]
        for entry in facts["entries"]
        if (entry[2], entry[5]) == ("D", first[5])
        and entry[1].split(":")[:2] == first[1].split(":")[:2]
    )
    unit, (hours, minutes) = first[5], divmod(quantity, 60)
    pounds = f"\u00a3{quantity // 100:,}.{quantity % 100:02d}"
    named = {"GBP": pounds, "SAVING": f"{pounds} of saving", "HOUR": f"{hours} h {minutes:02d} min"}
    much = named.get(unit, f"{quantity:,} {unit}")
    day = date.fromisoformat(facts["effective_on"])
    what = facts["reason"] or facts["kind"]
    about = f", for {facts['group']}" if facts["group"] else ""
    return f"entry {facts['seq']:,}, {day.day} {day:%B %Y}: {what}, {much}{about} ({facts['id']})"


def verify_receipt(
    words: str, *, key: str, witnesses: Sequence[str] = (), needed: int = 0,
    say: Callable[[str], None] = print,
) -> list[str]:  # fmt: skip
    """Check a receipt; returns the faults, empty when everything holds."""
    try:
        if not key:
            raise Fault("a receipt is proved by the books' public key: give it with --key")
        name, public = read_key(key)
        trusted = [read_key(line, b"\x04") for line in witnesses]
        notes: dict[str, None] = {}
        for facts, note in entries(words, name, public):
            say(f"ok     {in_words(facts)}")
            notes[note] = None
        for note in notes:
            _tell_witnesses(note, trusted, needed or len(trusted) // 2 + 1, say)
    except (Fault, KeyError, IndexError, TypeError, ValueError, AttributeError) as fault:
        return [str(fault) if isinstance(fault, Fault) else "the receipt does not hold a journal"]
    return []


def _tell_witnesses(
    note: str, trusted: list[tuple[str, bytes]], needed: int, say: Callable[[str], None]
) -> None:
    size, lines = note.split("\n")[1], note.partition("\n\n")[2].count("\n")
    say(
        f"ok     they are among the {int(size):,} entries that {note.split(chr(10), maxsplit=1)[0]} has signed"
    )
    if not trusted:
        if lines > 1:
            say(
                f"       {lines - 1} witnesses have co-signed them; name those you trust: --witness"
            )
        return
    signed = sorted({name for name, public in trusted if cosigned(note, name, public)})
    told = f"{len(signed)} of the {len(trusted)} witnesses that you named have co-signed them"
    if len(signed) < needed:
        raise Fault(f"{told}, and {needed} must have")
    say(f"ok     {told}: {', '.join(signed)}")


# --- the pack --------------------------------------------------------------------------------

PIECE_CHARS = 1 << 18
LINE_CHARS_MAX = 1 << 26
TOLD = itemgetter("kind", "id", "group", "reason", "purpose", "maker")
Facts = dict[str, Any]
"""What a leaf says of its journal."""


class Batch:
    """A few hundred leaves in a row: as they are written, and what they say."""

    def __init__(self, words: str, first: int) -> None:
        lines = words.split("\n")
        rows = [line.split("\t") for line in lines]
        if rows.pop() != [""] or not words.isascii() or set(map(len, rows)) != {4}:
            odd = next((n for n, row in enumerate(rows) if len(row) != 4), len(rows))
            raise Fault(f"leaves.tsv: line {first + odd} is not a leaf")
        numbers, self.digests, self.chains, self.leaves = zip(*rows, strict=True)
        if {*map(len, self.digests), *map(len, self.chains)} != {64}:
            raise Fault(f"leaves.tsv: a hash from line {first} on is not one")
        self.seqs = range(first, first + len(rows))
        if numbers != tuple(map(str, self.seqs)):
            odd = next(seq for seq, n in zip(self.seqs, numbers, strict=True) if n != str(seq))
            raise Fault(f"journal {odd} is missing from leaves.tsv")

    @cached_property
    def journals(self) -> list[tuple[int, Facts]]:
        """Number and facts of each journal whose bytes are here (others are of other periods)."""
        read = json.JSONDecoder().raw_decode
        found = []
        for seq, leaf in zip(self.seqs, self.leaves, strict=True):
            if not leaf:
                continue
            try:
                facts, end = read(leaf)
            except (ValueError, RecursionError) as error:
                raise Fault(f"journal {seq}: its leaf is not a journal ({error})") from error
            if end != len(leaf) or type(facts) is not dict:
                raise Fault(f"journal {seq}: its leaf is not a journal")
            found.append((seq, facts))
        return found

    @cached_property
    def told(self) -> list[str]:
        """The words of each of these journals as cells of a sheet."""
        return _cells([(*TOLD(facts), facts["checker"] or "") for _, facts in self.journals])


class Pack:
    """A pack in a folder, with what its own files say about it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        try:
            facts = json.loads(self.text("pack.json"))
            self.book = str(facts["book"])
        except (KeyError, TypeError, ValueError) as error:
            raise Fault("pack.json: it cannot be read") from error
        self.whole = "starts_on" not in facts
        self.starts_on = str(facts.get("starts_on", "0001-01-01"))
        self.ends_on = str(facts.get("ends_on", "9999-12-31"))

    def text(self, name: str) -> str:
        """A small file's text."""
        try:
            return (self.folder / name).read_bytes().decode()
        except (OSError, UnicodeDecodeError) as error:
            raise Fault(f"{name}: it cannot be read") from error

    def pieces(self, name: str, end: str) -> Iterator[str]:
        """A long file's text in pieces of some hundred lines, each up to an ``end``, then the rest."""
        rest: list[str] = []
        for chunk in self._chunks(name):
            whole, found, after = chunk.rpartition(end)
            if found:
                yield "".join([*rest, whole, found])
                rest = []
            rest.append(after)
            if len(rest) * PIECE_CHARS > LINE_CHARS_MAX:
                raise Fault(f"{name}: a line has no end")
        if any(rest):
            yield "".join(rest)

    def _chunks(self, name: str) -> Iterator[str]:
        try:
            with (self.folder / name).open(encoding="utf-8", newline="") as file:
                while chunk := file.read(PIECE_CHARS):
                    yield chunk
        except (OSError, UnicodeDecodeError) as error:
            raise Fault(f"{name}: it cannot be read ({error})") from error

    def batches(self) -> Iterator[Batch]:
        """All leaves in order."""
        first = 1
        for words in self.pieces("leaves.tsv", "\n"):
            batch = Batch(words, first)
            yield batch
            first += len(batch.seqs)

    @contextmanager
    def database(self) -> Iterator[sqlite3.Connection]:
        """The pack's database, only to read."""
        place = f"file:{self.folder / 'books.sqlite'}?mode=ro&immutable=1"
        try:
            with closing(sqlite3.connect(place, uri=True, check_same_thread=False)) as store:
                yield store
        except sqlite3.Error as error:
            raise Fault(f"books.sqlite: it cannot be read ({error})") from error


class Step:
    """Something to prove while all leaves pass by once, in order."""

    words = ""
    remedy = "Ask for the pack again. If it is the same, give both to the auditor."

    def take(self, batch: Batch) -> None:
        """Look at the next leaves."""

    def finish(self) -> None:
        """Look at the rest, when all leaves have passed."""


# --- 1. the manifest -------------------------------------------------------------------------


def _listed(words: str) -> dict[str, str]:
    listed: dict[str, str] = {}
    for line in words.splitlines():
        found = re.fullmatch(r"([0-9a-f]{64})  ([A-Za-z0-9._-]+)", line)
        if found is None:
            raise Fault("MANIFEST.sha256: a line is not a hash and a name")
        listed[found[2]] = found[1]
    return listed


def _sha256_of(path: Path) -> str:
    with path.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()


def check_manifest(pack: Pack, name: str, public: bytes) -> None:
    """1. Every file is the one in the manifest, and the manifest is signed."""
    words = pack.text("MANIFEST.sha256")
    listed = _listed(words)
    present = {path.name for path in pack.folder.iterdir()} - {"MANIFEST.sha256", "MANIFEST.note"}
    if missing := sorted(set(listed) - present):
        raise Fault(f"missing: {', '.join(missing)}")
    if added := sorted(present - set(listed)):
        raise Fault(f"not in the manifest: {', '.join(added)}")
    for file, expected in listed.items():
        if _sha256_of(pack.folder / file) != expected:
            raise Fault(f"{file}: its bytes are not those in the manifest")
    note = open_note(pack.text("MANIFEST.note"), name, public, "MANIFEST.note")
    if note != [name, f"manifest {hashlib.sha256(words.encode()).hexdigest()}"]:
        raise Fault("MANIFEST.note: it signs another manifest")


class Manifest(Step):
    """1. A thread of its own hashes the files, while the leaves pass by."""

    words = "the manifest names every file and is signed"
    remedy = "A file was changed on the way, or left out: ask for the pack again."

    def __init__(self, pack: Pack, name: str, public: bytes, aside: ThreadPoolExecutor) -> None:
        self._checked = aside.submit(check_manifest, pack, name, public)

    def finish(self) -> None:
        """Wait for the thread."""
        self._checked.result()


# --- 2 to 4. hashes, chain and root ----------------------------------------------------------


class Leaves(Step):
    """3 and 4. Hashes, chain and root, and the older checkpoint on the way."""

    words = "leaves, chain and root are those of the checkpoint"
    remedy = "History was changed after it was signed. Keep this pack, and call the auditor."

    def __init__(self, signed: Checkpoint, old: Checkpoint | None) -> None:
        self.signed, self.old = signed, old
        self.tree, self.chain = Tree(), bytes(32)

    def take(self, batch: Batch) -> None:
        """Hash the next leaves, and follow the chain to each."""
        first, sha256 = self.tree.size + 1, hashlib.sha256
        if "" in batch.leaves:
            digests = _digests(batch)
        else:
            digests = [sha256(b"\0" + leaf.encode()).digest() for leaf in batch.leaves]
        if b"".join(digests).hex() != "".join(batch.digests):
            odd = _differs([digest.hex() for digest in digests], batch.digests, first)
            raise Fault(f"journal {odd}: its bytes do not have the hash beside them")
        chain, chains = self.chain, []
        for digest in digests:
            chain = sha256(b"\2" + chain + digest).digest()
            chains.append(chain)
        if b"".join(chains).hex() != "".join(batch.chains):
            odd = _differs([link.hex() for link in chains], batch.chains, first)
            raise Fault(f"journal {odd}: the chain does not lead to it")
        self._grow(digests, chains)

    def _grow(self, digests: list[bytes], chains: list[bytes]) -> None:
        old, here = self.old, self.tree.size
        if old and here < old.size <= here + len(digests):
            cut = old.size - here
            self.tree.add(digests[:cut])
            if (self.tree.root(), chains[cut - 1]) != (old.root, old.chain):
                raise Fault(f"journals 1 to {old.size} are not those of the older checkpoint")
            digests = digests[cut:]
        self.tree.add(digests)
        self.chain = chains[-1]

    def finish(self) -> None:
        """Compare the root with what was signed."""
        size, signed, old = self.tree.size, self.signed, self.old
        if old and not 0 < old.size <= size:
            raise Fault(f"the older checkpoint has {old.size} journals, the pack only {size}")
        if (size, self.tree.root(), self.chain) != (signed.size, signed.root, signed.chain):
            raise Fault(f"{size} leaves do not have the root that the checkpoint says")


def _digests(batch: Batch) -> list[bytes]:
    """The hashes of leaves; of those without their bytes, what stands beside them."""
    digests = []
    for seq, leaf, stated in zip(batch.seqs, batch.leaves, batch.digests, strict=True):
        try:
            digest = bytes.fromhex(stated)
        except ValueError as error:
            raise Fault(f"journal {seq}: its hash is not one") from error
        digests.append(hashlib.sha256(b"\0" + leaf.encode()).digest() if leaf else digest)
    return digests


def _differs(some: Sequence[object], others: Sequence[object], first: int) -> int:
    """The number of the first that differs, counted from ``first``; 0 when none does."""
    if list(some) == list(others):
        return 0
    pairs = enumerate(zip_longest(some, others), first)
    return next(number for number, (one, other) in pairs if one != other)


def check_leaves(pack: Pack, signed: Checkpoint, old: Checkpoint | None) -> None:
    """3 and 4 alone: what somebody needs who only has leaves and a checkpoint."""
    leaves = Leaves(signed, old)
    for batch in pack.batches():
        leaves.take(batch)
    leaves.finish()


# --- 5. the journals -------------------------------------------------------------------------


class Account:
    """Where an account stands after the journals so far."""

    __slots__ = ("fund", "moved", "running", "unit", "version")

    def __init__(self, unit: str, fund: str) -> None:
        self.unit, self.fund, self.version = unit, fund, 0
        self.moved = {"P": 0, "H": 0}
        self.running = {"P": 0, "H": 0}


class Journals(Step):
    """5. Every journal balances, has two people where it must, and follows from the others."""

    words = "every journal balances and follows the rules"
    remedy = "Keep this pack, and ask the treasurer what this journal is: it should not exist."

    def __init__(self, pack: Pack, store: sqlite3.Connection) -> None:
        self.pack, self._store = pack, store
        self.accounts: dict[str, Account] = {}
        self.days = ("9999-12-31", "0001-01-01")
        self._answered = {"resolves": bytearray(1), "reverses": bytearray(1)}
        self._last_us = 0

    def take(self, batch: Batch) -> None:
        """Check the next journals one by one."""
        if self.pack.whole and "" in batch.leaves:
            raise Fault(f"journal {batch.seqs[batch.leaves.index('')]}: its bytes are missing")
        for answered in self._answered.values():
            answered.extend(bytes(len(batch.seqs)))
        for seq, facts in batch.journals:
            try:
                self._take(seq, facts)
            except (AttributeError, KeyError, TypeError, ValueError) as error:
                raise Fault(f"journal {seq}: its leaf is not a journal ({error})") from error

    def _take(self, seq: int, facts: Facts) -> None:
        if facts["seq"] != seq:
            raise Fault(f"journal {seq}: its leaf says {facts['seq']}")
        day, recorded = facts["effective_on"], facts["recorded_us"]
        if not self.pack.starts_on <= day <= self.pack.ends_on:
            raise Fault(f"journal {seq}: {day} is outside the period")
        if facts["checker"] == facts["maker"]:
            raise Fault(f"journal {seq}: it was checked by its own maker")
        if type(recorded) is not int or recorded <= self._last_us:
            raise Fault(f"journal {seq}: it was recorded before the one before it")
        self._last_us = recorded
        if not self.days[0] <= day <= self.days[1]:
            self.days = (min(day, self.days[0]), max(day, self.days[1]))
        self._take_lines(seq, facts["entries"])
        if facts["resolves"] is not None or facts["reverses"] is not None:
            self._check_answers(seq, facts)

    def _take_lines(self, seq: int, entries: list[list[Any]]) -> None:
        number = 0
        sums: dict[tuple[str, str, str], int] = {}
        for line, path, side, quantity, layer, unit, fund, version, after in entries:
            number += 1
            if line != number or not (type(quantity) is type(version) is type(after) is int):
                raise Fault(f"journal {seq}: its lines are not numbered whole quantities")
            account = self.accounts.get(path)
            if account is None:
                account = self.accounts[path] = Account(unit, fund)
            if account.unit != unit or account.fund != fund:
                raise Fault(f"journal {seq}: {path} changes its unit or fund")
            signed = SIGNS[side] * quantity
            account.moved[layer] += signed
            if self.pack.whole and (
                version != account.version + 1 or after != account.running[layer] + signed
            ):
                raise Fault(f"journal {seq}: the balance of {path} does not follow")
            account.version, account.running[layer] = version, after
            group = (unit, fund, layer)
            sums[group] = sums.get(group, 0) + signed
        if number < 2:
            raise Fault(f"journal {seq}: it has fewer than two lines")
        if any(sums.values()):
            raise Fault(f"journal {seq}: it does not balance")

    def _check_answers(self, seq: int, facts: Facts) -> None:
        for what, answered in self._answered.items():
            other = facts[what]
            if other is None:
                continue
            if type(other) is not int or not 0 < other < seq or answered[other]:
                raise Fault(f"journal {seq}: it {what} {other} a second time, or too early")
            answered[other] = 1
            earlier = self._earlier(other)
            if earlier["entries"] and what == "resolves" and _held(facts, -1) != _held(earlier, 1):
                raise Fault(f"journal {seq}: it does not release hold {other} exactly")
            if (
                earlier["entries"]
                and what == "reverses"
                and _posted(facts, -1) != _posted(earlier, 1)
            ):
                raise Fault(f"journal {seq}: it is not the mirror of {other}")

    def _earlier(self, seq: int) -> Facts:
        """An earlier journal's lines, from the database, which is compared with the leaves too."""
        return {"entries": self._store.execute(
            "SELECT e.line, a.path, e.side, e.amount, e.layer FROM entry e"
            " JOIN account a ON a.id = e.account WHERE e.seq = ? ORDER BY e.line", (seq,)
        ).fetchall()}  # fmt: skip


SIGNS = {"D": 1, "C": -1}


def _posted(facts: Facts, sign: int) -> dict[str, int]:
    sums: dict[str, int] = defaultdict(int)
    for _, path, side, quantity, layer, *_ in facts["entries"]:
        if layer == "P":
            sums[path] += sign * SIGNS[side] * quantity
    return {path: quantity for path, quantity in sums.items() if quantity}


def _held(facts: Facts, sign: int) -> dict[tuple[str, str], int] | None:
    """What a journal holds by account and side; None for what is not a hold to be released."""
    sums: dict[tuple[str, str], int] = defaultdict(int)
    for _, path, side, quantity, layer, *_ in facts["entries"]:
        if layer == "H":
            sums[path, side] += sign * quantity
    return dict(sums) or None


# --- 6. the database -------------------------------------------------------------------------

HEAD = itemgetter("seq", "id", "kind", "effective_on", "recorded_us", "deadline_us", "group",
                  "reason", "purpose", "maker", "checker", "resolves", "reverses")  # fmt: skip


class Database(Step):
    """6. The tables say what the leaves say, and the trial balance is their sum."""

    words = "the database says what the leaves say"

    def __init__(self, store: sqlite3.Connection, journals: Journals) -> None:
        self._store, self._journals = store, journals
        self._journal = store.execute(
            "SELECT seq, id, kind, effective_on, recorded_us, deadline_us, group_id, reason,"
            " purpose, maker, checker, resolves, reverses FROM journal ORDER BY seq"
        )
        self._entry = store.execute(
            "SELECT e.seq, e.line, a.path, e.side, e.amount, e.layer, a.unit, f.code,"
            " e.acct_version, e.balance_after FROM entry e JOIN account a ON a.id = e.account"
            " JOIN fund f ON f.id = a.fund ORDER BY e.seq, e.line"
        )

    def take(self, batch: Batch) -> None:
        """Compare the rows of the next leaves."""
        journals = batch.journals
        _compare("journal", [HEAD(facts) for _, facts in journals], self._journal)
        entries = [(seq, *entry) for seq, facts in journals for entry in facts["entries"]]
        _compare("entry", entries, self._entry)

    def finish(self) -> None:
        """See that no rows are left over, and that the trial balance is the sum of all lines."""
        for table in ("journal", "entry"):
            if getattr(self, "_" + table).fetchone():
                raise Fault(f"books.sqlite, {table}: it has more rows than the leaves")
        check_trial_balance(self._journals, trial_balance(self._store))


def _compare(table: str, wanted: list[tuple[Any, ...]], rows: sqlite3.Cursor) -> None:
    found = rows.fetchmany(len(wanted))
    if found != wanted:
        odd = wanted[_differs(wanted, found, 1) - 1]
        raise Fault(f"books.sqlite, {table}: the row of journal {odd[0]} differs from the leaves")


class Sum(NamedTuple):
    """One account's row of the trial balance."""

    path: str
    unit: str
    fund: str
    opening: int
    moved: int
    closing: int
    held: int


def trial_balance(store: sqlite3.Connection) -> list[Sum]:
    """The trial balance as the database has it."""
    rows = store.execute(
        "SELECT a.path, a.unit, f.code, t.opening, t.debits - t.credits, t.closing,"
        " t.held_closing - t.held_opening FROM trial_balance t JOIN account a"
        " ON a.id = t.account JOIN fund f ON f.id = a.fund ORDER BY a.path"
    )
    return [Sum(*row) for row in rows]


def check_trial_balance(journals: Journals, rows: list[Sum]) -> None:
    """6. Opening and movement give the closing balance, and each unit and fund sums to zero."""
    totals: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    whole = journals.pack.whole
    for path, unit, fund, opening, moved, closed, held in rows:
        account = journals.accounts.get(path) or Account(unit, fund)
        if (account.unit, account.fund) != (unit, fund):
            raise Fault(f"trial balance: {path} has another unit or fund than in the leaves")
        if {"P": moved, "H": held} != account.moved:
            raise Fault(f"trial balance: {path} is not the sum of its entries")
        if opening + moved != closed or (whole and opening):
            raise Fault(f"trial balance: {path} does not close with what it moved")
        totals[unit, fund][0] += opening
        totals[unit, fund][1] += closed
    for (unit, fund), sums in totals.items():
        if any(sums):
            raise Fault(f"trial balance: {unit} of fund {fund} does not sum to zero")
    if absent := sorted(set(journals.accounts) - {row.path for row in rows}):
        raise Fault(f"trial balance: {absent[0]} is missing")


# --- 6. the sheets ---------------------------------------------------------------------------

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\0", "＝", "＋", "－", "＠")
ODD = ('"', "\r", "\n", *(f",{start}" for start in FORMULA_STARTS))
START = datetime(1970, 1, 1)  # noqa: DTZ001 - a bare reckoning; the sheet's times are UTC
COLUMNS = ("journal,line,effective_on,recorded_at,kind,id,group,reason,purpose,maker,checker,"
           "account,fund,unit,layer,side,quantity,value,balance_after\r\n")  # fmt: skip


def _cells(rows: Sequence[Sequence[str]]) -> list[str]:
    """Cells of a sheet, row by row: what would run as a formula gets a quote in front."""
    joined = [",".join(row) for row in rows]
    together = "," + ",".join(joined)
    if together.count(",") == sum(map(len, rows)) and not any(mark in together for mark in ODD):
        return joined
    return [_guarded(row) for row in rows]


def _guarded(cells: Sequence[str]) -> str:
    file = io.StringIO()
    guarded = ["'" + cell if cell.startswith(FORMULA_STARTS) else cell for cell in cells]
    csv.writer(file).writerow(guarded)
    return file.getvalue().removesuffix("\r\n")


@lru_cache(maxsize=64)
def _second(second: int) -> str:
    return (START + timedelta(seconds=second)).isoformat()


def written(quantity: int, scale: int) -> str:
    """A quantity with its unit's decimals."""
    digits = str(quantity) if quantity >= 0 else str(-quantity)
    if scale:
        if len(digits) <= scale:
            digits = digits.zfill(scale + 1)
        digits = f"{digits[:-scale]}.{digits[-scale:]}"
    return digits if quantity >= 0 else "-" + digits


class Sheets(Step):
    """6. The sheet of entries is, byte for byte, what the leaves give."""

    words = "the sheets say what the leaves say"

    def __init__(self, pack: Pack, scales: dict[str, int], journals: Journals) -> None:
        self.pack, self.scales, self._journals = pack, scales, journals
        self._account = lru_cache(maxsize=65536)(lambda *cells: _cells([cells])[0])
        self._at = 0

    def take(self, batch: Batch) -> None:
        """Write the rows of the next leaves again, and compare them."""
        rows: list[str] = []
        account_of, scales = self._account, self.scales
        for (seq, facts), told in zip(batch.journals, batch.told, strict=True):
            second, rest = divmod(facts["recorded_us"], 1_000_000)
            head = f"{facts['effective_on']},{_second(second)}.{rest:06d}Z,{told}"
            for line, path, side, quantity, layer, unit, fund, _, after in facts["entries"]:
                account, value = account_of(path, fund, unit), written(quantity, scales[unit])
                rows.append(
                    f"{seq},{line},{head},{account},{layer},{side},{quantity},{value},{after}\r\n"
                )
        self._read("".join(rows))

    def _read(self, wanted: str) -> None:
        raw = (wanted if self._at else COLUMNS + wanted).encode()
        with (self.pack.folder / "entries.csv").open("rb") as file:
            file.seek(self._at)
            found = file.read(len(raw))
        self._at += len(raw)
        if found != raw:
            lines, others = raw.split(b"\r\n"), found.split(b"\r\n")
            odd = lines[min(_differs(lines, others, 1), len(lines)) - 1].decode()
            raise Fault(f"entries.csv: instead of this row of the leaves is another: {odd}")

    def finish(self) -> None:
        """See that nothing is left over, and check the sheet of the trial balance."""
        if (self.pack.folder / "entries.csv").stat().st_size != max(self._at, len(COLUMNS)):
            raise Fault("entries.csv: it has more rows than the leaves")
        with (self.pack.folder / "trial-balance.csv").open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                account = self._journals.accounts.get(row["account"])
                moved = int(row["debits"]) - int(row["credits"])
                fits = int(row["opening"]) + moved == int(row["closing"])
                if not fits or moved != (account.moved["P"] if account else 0):
                    raise Fault(
                        f"trial-balance.csv: {row['account']} is not the sum of its entries"
                    )


# --- 6. the text journals --------------------------------------------------------------------

MEANT = re.compile('[;|"\\\\\x00-\x1f\x7f-\x9f\u2028\u2029]')
CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
SALT = os.urandom(16).hex()


def marks(blocks: Iterable[str]) -> Iterator[int]:
    """A number for each block of text that nobody can know before this run.

    Text journals are in order of day, leaves in order of number. Two files hold the same blocks
    in whatever order if the sums of their marks are equal: to make other blocks with the same
    sum one would have to know the salt, which is new in every run.
    """
    return map(hash, map(SALT.__add__, blocks))


def _plain(words: str) -> str:
    return CONTROL.sub(" ", words)


@lru_cache(maxsize=4096)
def _word(words: str) -> str:
    return _plain(words).replace(";", " ").replace(",", " ").replace("|", "/").strip()


@lru_cache(maxsize=4096)
def _quoted(words: str) -> str:
    return '"' + _plain(words).replace("\\", "\\\\").replace('"', '\\"') + '"'


def _sign(unit: str) -> str:
    return unit if unit.isalpha() else f'"{unit}"'


def _as_is(words: str) -> str:
    return f'"{words}"'


def _hledger(facts: Facts, lines: list[str], unit: str, *, plain: bool) -> str:
    word = str.strip if plain else _word
    told = f" | {words}" if (words := word(facts["reason"])) else ""
    belongs = f", group: {word(facts['group'])}" if facts["group"] else ""
    postings = f" {_sign(unit)}\n    ".join(lines)
    return (
        f"{facts['effective_on']} * ({facts['seq']}) {facts['kind']}{told}\n"
        f"    ; id: {word(facts['id'])}{belongs}\n    {postings} {_sign(unit)}"
    )


def _hledger_frame(
    title: str, unit: str, scale: int, days: tuple[str, str], rows: list[Sum]
) -> Iterator[str]:
    sign, nothing = _sign(unit), written(0, scale)
    head = [f"; {title}", f"commodity 1000.{'0' * scale} {sign}"]
    yield "\n".join(head + [f"account {row.path}" for row in rows])
    opening = [
        f"    {row.path}  {written(row.opening, scale)} {sign}" for row in rows if row.opening
    ]
    if opening:
        yield "\n".join([f"{days[0]} * (opening) opening balances", *opening])
    closing = [
        f"    {row.path}  {nothing} {sign} = {written(row.closing, scale)} {sign}" for row in rows
    ]
    yield "\n".join([f"{days[1]} * (closing) closing balances are exactly these", *closing])


def _beancount(facts: Facts, lines: list[str], unit: str, *, plain: bool) -> str:
    quoted = _as_is if plain else _quoted
    belongs = f"  group: {quoted(facts['group'])}\n" if facts["group"] else ""
    postings = f" {unit}\n  ".join(lines)
    return (
        f"{facts['effective_on']} * {quoted(facts['kind'])} {quoted(facts['reason'])}\n"
        f"  seq: {facts['seq']}\n  id: {quoted(facts['id'])}\n{belongs}  {postings} {unit}"
    )


def _beancount_frame(
    title: str, unit: str, scale: int, days: tuple[str, str], rows: list[Sum]
) -> Iterator[str]:
    yield f'option "title" {_quoted(title)}\noption "operating_currency" "{unit}"'
    opened = [f"{days[0]} open {row.path} {unit}" for row in rows]
    yield "\n".join([f"{days[0]} commodity {unit}", *opened])
    opening = [f"  {row.path}  {written(row.opening, scale)} {unit}" for row in rows if row.opening]
    if opening:
        yield "\n".join([f'{days[0]} * "opening" "opening balances"', *opening])
    below: dict[str, int] = defaultdict(int)
    for row in rows:
        parts = row.path.split(":")
        for depth in range(1, len(parts) + 1):
            below[":".join(parts[:depth])] += row.closing
    after = date.fromisoformat(days[1]) + timedelta(days=1)
    yield "\n".join(
        f"{after} balance {row.path}  {written(below[row.path], scale)} ~ 0 {unit}" for row in rows
    )


@lru_cache(maxsize=256)
def _names(unit: str) -> tuple[str, str]:
    return f"hledger-{unit}.journal", f"beancount-{unit}.beancount"


class Texts(Step):
    """6. Each text journal consists of exactly the blocks that the leaves give."""

    words = "the text journals say what the leaves say"

    def __init__(
        self, pack: Pack, scales: dict[str, int], journals: Journals, store: sqlite3.Connection
    ) -> None:
        self.pack, self.scales, self._journals, self._store = pack, scales, journals, store
        self._sums: dict[str, int] = defaultdict(int)

    def take(self, batch: Batch) -> None:
        """Add the marks of the next journals' blocks."""
        for name, blocks in self._blocks(batch).items():
            self._sums[name] += sum(marks(blocks))

    def _blocks(self, batch: Batch) -> dict[str, list[str]]:
        blocks: dict[str, list[str]] = defaultdict(list)
        plain = MEANT.search("".join(batch.told)) is None
        for _, facts in batch.journals:
            posted: dict[str, list[str]] = {}
            for _, path, side, quantity, layer, unit, *_ in facts["entries"]:
                if layer == "P":
                    value = written(SIGNS[side] * quantity, self.scales[unit])
                    posted.setdefault(unit, []).append(f"{path}  {value}")
            for unit, lines in posted.items():
                hledger, beancount = _names(unit)
                blocks[hledger].append(_hledger(facts, lines, unit, plain=plain))
                blocks[beancount].append(_beancount(facts, lines, unit, plain=plain))
        return blocks

    def finish(self) -> None:
        """Compare with the marks of the blocks that the files have."""
        rows, days = trial_balance(self._store), self._journals.days
        if days[0] > days[1]:
            return  # no journals, no texts
        for unit, scale in self.scales.items():
            title = f"{_plain(self.pack.book)}: every posted entry in {unit}"
            mine = [row for row in rows if row.unit == unit]
            for name, frame in zip(_names(unit), (_hledger_frame, _beancount_frame), strict=True):
                self._check(name, list(frame(title, unit, scale, days, mine)))

    def _check(self, name: str, frame: list[str]) -> None:
        if sum(map(sum, map(marks, self._found(name)))) != self._sums[name] + sum(marks(frame)):
            raise Fault(f"{name}: {self._odd(name, frame)}")

    def _found(self, name: str) -> Iterator[list[str]]:
        for piece in self.pack.pieces(name, "\n\n"):
            yield piece.removesuffix("\n").removesuffix("\n").split("\n\n")

    def _odd(self, name: str, frame: list[str]) -> str:
        """Which block is not one of the leaves'; this may cost memory and time."""
        known = set(marks(frame))
        for batch in self.pack.batches():
            known.update(marks(self._blocks(batch)[name]))
        for blocks in self._found(name):
            for block, seen in zip(blocks, marks(blocks), strict=True):
                if seen not in known:
                    return f"this is not what the leaves say: {block[:300]!r}"
        return "a journal is missing, or there twice"


# --- the command -----------------------------------------------------------------------------


def unpacked(path: Path, room: Path) -> Path:
    """The folder of a pack; a .zip is unpacked into ``room`` first."""
    if path.is_dir():
        return path
    try:
        with zipfile.ZipFile(path) as packed:
            for entry in packed.infolist():
                target = room / Path(entry.filename).name
                with packed.open(entry) as source, target.open("wb") as out:
                    shutil.copyfileobj(source, out)
    except (OSError, zipfile.BadZipFile, EOFError, zipfile.LargeZipFile) as error:
        raise Fault(f"{path}: it is neither a folder nor a .zip that can be read") from error
    return room


def verify(
    folder: Path, *, old: str = "", key: str = "", say: Callable[[str], None] = print
) -> list[str]:
    """Check a pack's folder; returns the faults, empty when everything holds."""
    try:
        pack = Pack(folder)
        name, public = read_key(key or pack.text("checkpoint.key"))
        signed = Checkpoint(pack.text("checkpoint.txt"), name, public, "checkpoint.txt")
        older = Checkpoint(old, name, public, "the older checkpoint") if old else None
    except Fault as fault:
        return [str(fault)]
    with ThreadPoolExecutor(1) as aside:
        first: list[Step] = [Manifest(pack, name, public, aside), Leaves(signed, older)]
        try:
            with pack.database() as store:
                faults = Proof(pack, first + compared(pack, store)).run(say)
        except Fault as fault:
            faults = [*Proof(pack, first).run(say), str(fault)]
    if not faults:
        say(f"ok     {signed.size} journals of {signed.origin}")
    return faults


def compared(pack: Pack, store: sqlite3.Connection) -> list[Step]:
    """5 and 6. What is compared with the leaves."""
    journals = Journals(pack, store)
    scales = dict(store.execute("SELECT code, scale FROM unit ORDER BY code"))
    return [
        journals, Database(store, journals), Sheets(pack, scales, journals),
        Texts(pack, scales, journals, store),
    ]  # fmt: skip


class Proof:
    """Steps that look at all leaves while they pass by once; one that finds a fault stops."""

    def __init__(self, pack: Pack, steps: list[Step]) -> None:
        self.pack, self.steps = pack, steps
        self.faults: dict[Step, str] = {}

    def run(self, say: Callable[[str], None]) -> list[str]:
        """Let the leaves pass by, and say what each step found."""
        try:
            for batch in self.pack.batches():
                for step in self.steps:
                    self._attempt(step, partial(step.take, batch))
        except (Fault, OSError, UnicodeDecodeError) as fault:
            broken = [step for step in self.steps[1:] if step not in self.faults]
            self.faults.update(dict.fromkeys(broken, str(fault)))
        for step in self.steps:
            self._attempt(step, step.finish)
            if fault_found := self.faults.get(step):
                say(f"FAULT  {step.words}: no. {fault_found}\n       {step.remedy}")
            else:
                say(f"ok     {step.words}")
        return [self.faults[step] for step in self.steps if step in self.faults]

    def _attempt(self, step: Step, act: Callable[[], None]) -> None:
        if step in self.faults:
            return
        try:
            act()
        except (Fault, OSError, UnicodeDecodeError, csv.Error) as fault:
            self.faults[step] = str(fault)
        except sqlite3.Error as error:
            self.faults[step] = f"books.sqlite: it cannot be read ({error})"
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            self.faults[step] = f"it cannot be compared with the leaves ({error!r})"


def _named(given: Iterable[str]) -> list[str]:
    """Keys as they were given: lines, or files of lines."""
    lines: list[str] = []
    for one in given:
        found = Path(one).read_text(encoding="utf-8") if Path(one).is_file() else one
        lines += [line for line in found.splitlines() if line.strip()]
    return lines


def _receipt(path: Path) -> str:
    """The text of a receipt; empty when the file is something else."""
    if not path.is_file():
        return ""
    with path.open("rb") as file:
        raw = file.read(RECEIPT_BYTES_MAX + 1)
    if not raw.startswith(RECEIPT.encode()):
        return ""
    if len(raw) > RECEIPT_BYTES_MAX:
        raise Fault(f"{path}: it is too long for a receipt")
    return raw.decode()


def outcome(check: Callable[[Path], list[str]], *, alone: bool) -> int:
    """Let a check look, in a room for what it unpacks, and say what it found: the exit status."""
    try:
        with tempfile.TemporaryDirectory(prefix="verify-", ignore_cleanup_errors=True) as room:
            faults = check(Path(room))
    except (OSError, UnicodeDecodeError, Fault) as error:
        faults = [str(error)]
    for fault in faults[:FAULTS_SHOWN_MAX]:
        print(f"NOT PROVEN: {fault}")
    if faults:
        return 1
    if alone:
        print("Note: without --key or --checkpoint this only shows that the pack agrees with")
        print("itself. Compare checkpoint.key with the key that the service publishes.")
    print("PROVEN")
    return 0


def main(arguments: list[str]) -> int:
    """Read the command line, check, and say what was found."""
    parser = argparse.ArgumentParser(description="Prove an audit pack or a receipt by itself.")
    parser.add_argument("pack", type=Path, help="the pack's folder, its .zip, or a receipt")
    parser.add_argument("--checkpoint", type=Path, help="an older checkpoint that you kept")
    parser.add_argument("--key", default="", help="the books' public key, or a file with it")
    parser.add_argument("--witness", action="append", default=[], help="their keys, or a file")
    parser.add_argument("--witnesses-needed", type=int, default=0,
                        help="how many must have co-signed (default: more than half)")  # fmt: skip
    chosen = parser.parse_args(arguments)

    def check(room: Path) -> list[str]:
        key = next(iter(_named([chosen.key])), "")
        if words := _receipt(chosen.pack):
            return verify_receipt(
                words, key=key, witnesses=_named(chosen.witness), needed=chosen.witnesses_needed
            )
        old = chosen.checkpoint.read_text(encoding="utf-8") if chosen.checkpoint else ""
        return verify(unpacked(chosen.pack, room), old=old, key=key)

    return outcome(check, alone=not (chosen.checkpoint or chosen.key))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
