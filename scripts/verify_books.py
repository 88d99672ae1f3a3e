#!/usr/bin/env python3
"""Prove an audit pack of the Community Ledger, without the service and without the network.

    python3 verify_books.py PACK [--checkpoint OLD.txt] [--key KEY]

PACK is the folder or the .zip. It needs Python 3.11 and nothing else: read it before you trust
it. What it proves, in this order:

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
import re
import shutil
import sqlite3
import sys
import tempfile
import zipfile
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

FAULTS_SHOWN_MAX = 20
LINE_BYTES_MAX = 2_000_000


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


def read_key(line: str) -> tuple[str, bytes]:
    """Name and 32 bytes of a key line ``NAME+ID+KEY``."""
    try:
        name, number, encoded = line.strip().split("+", 2)
        raw = base64.b64decode(encoded, validate=True)
    except ValueError as error:
        raise Fault("the key is not a line NAME+ID+KEY") from error
    expected = hashlib.sha256(name.encode() + b"\n" + raw).digest()[:4].hex()
    if raw[:1] != b"\x01" or len(raw) != 33 or number != expected:
        raise Fault("the key does not match its own id")
    return name, raw[1:]


def open_note(note: str, name: str, public: bytes, what: str) -> list[str]:
    """The lines of a signed note whose signature by the key holds."""
    body, gap, signatures = note.partition("\n\n")
    body += "\n"
    identifier = hashlib.sha256(name.encode() + b"\n\x01" + public).digest()[:4]
    for line in signatures.splitlines():
        words = line.split(" ")
        if len(words) != 3 or words[:2] != ["\u2014", name]:
            continue
        try:
            raw = base64.b64decode(words[2], validate=True)
        except ValueError:
            continue
        if raw[:4] == identifier and ed25519_holds(public, body.encode(), raw[4:]):
            return body.splitlines() if gap else []
    raise Fault(f"{what}: no signature by the key {name} holds")


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


class Tree:
    """A tree that grows leaf by leaf and keeps only its right edge."""

    def __init__(self) -> None:
        self.size = 0
        self.edge: list[bytes] = []

    def add(self, digest: bytes) -> None:
        """Add the next leaf's hash."""
        count = self.size
        while count & 1:
            digest = hashlib.sha256(b"\x01" + self.edge.pop() + digest).digest()
            count >>= 1
        self.edge.append(digest)
        self.size += 1

    def root(self) -> bytes:
        """The root over all leaves so far."""
        root = self.edge[-1] if self.edge else hashlib.sha256(b"").digest()
        for left in reversed(self.edge[:-1]):
            root = hashlib.sha256(b"\x01" + left + root).digest()
        return root


# --- the pack --------------------------------------------------------------------------------

Line = tuple[int, int, str, str, int, str]
"""One entry wherever it is written: journal, line, account, side, quantity, layer."""


FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")
LEAF = re.compile(rb"([1-9][0-9]{0,17})\t([0-9a-f]{64})\t([0-9a-f]{64})\t([ -~]*)\n")


class Pack:
    """A pack in a folder, with what its own files say about it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        try:
            facts = json.loads(self.text("pack.json"))
        except ValueError as error:
            raise Fault("pack.json: it cannot be read") from error
        self.whole = "starts_on" not in facts
        self.starts_on = facts.get("starts_on", "0001-01-01")
        self.ends_on = facts.get("ends_on", "9999-12-31")

    def text(self, name: str) -> str:
        """A small file's text."""
        try:
            return (self.folder / name).read_bytes().decode()
        except (OSError, UnicodeDecodeError) as error:
            raise Fault(f"{name}: it cannot be read") from error

    def leaves(self) -> Iterator[tuple[int, bytes, bytes, bytes]]:
        """Number, hash, chain and stored bytes (empty outside the period) of each journal."""
        with (self.folder / "leaves.tsv").open("rb") as file:
            for number, line in enumerate(iter(lambda: file.readline(LINE_BYTES_MAX), b""), 1):
                found = LEAF.fullmatch(line)
                if found is None:
                    raise Fault(f"leaves.tsv: line {number} is not a leaf")
                seq, digest, chain, leaf = found.groups()
                yield int(seq), bytes.fromhex(digest.decode()), bytes.fromhex(chain.decode()), leaf


def _listed(words: str) -> dict[str, str]:
    listed: dict[str, str] = {}
    for line in words.splitlines():
        found = re.fullmatch(r"([0-9a-f]{64})  ([A-Za-z0-9._-]+)", line)
        if found is None:
            raise Fault("MANIFEST.sha256: a line is not a hash and a name")
        listed[found[2]] = found[1]
    return listed


def _sha256_of(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as source:
        while chunk := source.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()


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


def check_leaves(pack: Pack, signed: Checkpoint, old: Checkpoint | None) -> None:
    """3 and 4. Hashes, chain and root, and the older checkpoint on the way."""
    tree, chain = Tree(), bytes(32)
    for seq, digest, stored, leaf in pack.leaves():
        if seq != tree.size + 1:
            raise Fault(f"journal {tree.size + 1} is missing from leaves.tsv")
        if leaf and hashlib.sha256(b"\x00" + leaf).digest() != digest:
            raise Fault(f"journal {seq}: its bytes do not have the hash beside them")
        chain = hashlib.sha256(b"\x02" + chain + digest).digest()
        if chain != stored:
            raise Fault(f"journal {seq}: the chain does not lead to it")
        tree.add(digest)
        if old and seq == old.size and (tree.root(), chain) != (old.root, old.chain):
            raise Fault(f"journals 1 to {seq} are not those of the older checkpoint")
    if old and old.size > tree.size:
        raise Fault(f"the older checkpoint has {old.size} journals, the pack only {tree.size}")
    if (tree.size, tree.root(), chain) != (signed.size, signed.root, signed.chain):
        raise Fault(f"{tree.size} leaves do not have the root that the checkpoint says")


class Books:
    """The journals as their leaves say, checked one by one in order."""

    def __init__(self, pack: Pack) -> None:
        self.pack = pack
        self.lines: dict[int, list[Line]] = {}
        self.heads: dict[int, tuple[object, ...]] = {}
        self.accounts: dict[str, tuple[str, str]] = {}
        self.sums: dict[tuple[str, str], int] = defaultdict(int)
        self._versions: dict[str, int] = {}
        self._running: dict[tuple[str, str], int] = {}
        self._holds: dict[int, dict[tuple[str, str], int]] = {}
        self._posted: dict[int, dict[str, int]] = {}
        self._answered: set[tuple[str, int]] = set()
        self._last_us = 0

    def read(self) -> None:
        """5. Take every leaf of the period."""
        for seq, _, _, leaf in self.pack.leaves():
            if not leaf:
                if self.pack.whole:
                    raise Fault(f"journal {seq}: its bytes are missing")
                continue
            try:
                facts = json.loads(leaf)
                self._take(seq, facts)
            except (KeyError, TypeError, ValueError) as error:
                raise Fault(f"journal {seq}: its leaf is not a journal ({error})") from error

    def _take(self, seq: int, facts: dict[str, object]) -> None:
        if facts["seq"] != seq:
            raise Fault(f"journal {seq}: its leaf says {facts['seq']}")
        day = str(facts["effective_on"])
        if not self.pack.starts_on <= day <= self.pack.ends_on:
            raise Fault(f"journal {seq}: {day} is outside the period")
        if facts["checker"] is not None and facts["checker"] == facts["maker"]:
            raise Fault(f"journal {seq}: it was checked by its own maker")
        recorded = facts["recorded_us"]
        if not isinstance(recorded, int) or recorded <= self._last_us:
            raise Fault(f"journal {seq}: it was recorded before the one before it")
        self._last_us = recorded
        self.heads[seq] = tuple(
            facts[name]
            for name in ("id", "kind", "effective_on", "recorded_us", "deadline_us", "group",
                         "reason", "purpose", "maker", "checker", "resolves", "reverses")
        )  # fmt: skip
        entries = facts["entries"]
        if not isinstance(entries, list) or len(entries) < 2:
            raise Fault(f"journal {seq}: it has fewer than two lines")
        self.lines[seq] = [
            self._entry(seq, number, entry) for number, entry in enumerate(entries, 1)
        ]
        self._check_balanced(seq, entries)
        self._check_answers(seq, facts)

    def _entry(self, seq: int, number: int, entry: list[object]) -> Line:
        line, path, side, quantity, layer, unit, fund, version, after = entry
        if type(line) is not int or line != number or side not in ("D", "C"):
            raise Fault(f"journal {seq}: its lines are not numbered from 1")
        if type(quantity) is not int or type(version) is not int or type(after) is not int:
            raise Fault(f"journal {seq}: a quantity is not a whole number")
        path, layer = str(path), str(layer)
        if self.accounts.setdefault(path, (str(unit), str(fund))) != (unit, fund):
            raise Fault(f"journal {seq}: {path} changes its unit or fund")
        signed = quantity if side == "D" else -quantity
        self.sums[path, layer] += signed
        before, balance = self._versions.get(path), self._running.get((path, layer))
        if self.pack.whole:
            before, balance = before or 0, balance or 0
            if version != before + 1 or after != balance + signed:
                raise Fault(f"journal {seq}: the balance of {path} does not follow")
        self._versions[path], self._running[path, layer] = version, after
        return seq, line, path, str(side), quantity, layer

    def _check_balanced(self, seq: int, entries: list[list[object]]) -> None:
        sums: dict[tuple[object, ...], int] = defaultdict(int)
        for (_, _, _, side, quantity, _), entry in zip(self.lines[seq], entries, strict=True):
            sums[entry[5], entry[6], entry[4]] += quantity if side == "D" else -quantity
        if any(sums.values()):
            raise Fault(f"journal {seq}: it does not balance")

    def _check_answers(self, seq: int, facts: dict[str, object]) -> None:
        held: dict[tuple[str, str], int] = defaultdict(int)
        posted: dict[str, int] = defaultdict(int)
        for _, _, path, side, quantity, layer in self.lines[seq]:
            if layer == "H":
                held[path, side] += quantity
            else:
                posted[path] += quantity if side == "D" else -quantity
        self._posted[seq] = {path: sum_ for path, sum_ in posted.items() if sum_}
        if held and facts["resolves"] is None:
            self._holds[seq] = dict(held)
        for what in ("resolves", "reverses"):
            other = facts[what]
            if other is None:
                continue
            if not isinstance(other, int) or (what, other) in self._answered or other >= seq:
                raise Fault(f"journal {seq}: it {what} {other} a second time, or too early")
            self._answered.add((what, other))
        self._check_hold(seq, facts["resolves"], held)
        self._check_mirror(seq, facts["reverses"])

    def _check_hold(self, seq: int, hold: object, held: dict[tuple[str, str], int]) -> None:
        if not isinstance(hold, int) or (not self.pack.whole and hold not in self._holds):
            return
        released = {key: -quantity for key, quantity in held.items()}
        if self._holds.get(hold) != released:
            raise Fault(f"journal {seq}: it does not release hold {hold} exactly")

    def _check_mirror(self, seq: int, other: object) -> None:
        if not isinstance(other, int) or (not self.pack.whole and other not in self._posted):
            return
        mirror = {path: -quantity for path, quantity in self._posted.get(other, {}).items()}
        if mirror != self._posted[seq]:
            raise Fault(f"journal {seq}: it is not the mirror of {other}")

    def all_lines(self) -> Iterator[Line]:
        """Every line in order."""
        for seq in self.lines:
            yield from self.lines[seq]


def _compare(what: str, wanted: Iterator[object], found: Iterator[object]) -> None:
    nothing = object()
    for number, one in enumerate(wanted, 1):
        other = next(found, nothing)
        if other != one:
            raise Fault(f"{what}: row {number} differs from the leaves ({one})")
    if next(found, nothing) is not nothing:
        raise Fault(f"{what}: it has more rows than the leaves")


def check_database(pack: Pack, books: Books) -> None:
    """6. The database says what the leaves say, and its trial balance is their sum."""
    store = sqlite3.connect(f"file:{pack.folder / 'books.sqlite'}?mode=ro&immutable=1", uri=True)
    try:
        _compare(
            "books.sqlite, entry", books.all_lines(),
            store.execute(
                "SELECT e.seq, e.line, a.path, e.side, e.amount, e.layer FROM entry e"
                " JOIN account a ON a.id = e.account ORDER BY e.seq, e.line"
            ),
        )  # fmt: skip
        _compare(
            "books.sqlite, journal", ((seq, *head) for seq, head in books.heads.items()),
            store.execute(
                "SELECT seq, id, kind, effective_on, recorded_us, deadline_us, group_id, reason,"
                " purpose, maker, checker, resolves, reverses FROM journal ORDER BY seq"
            ),
        )  # fmt: skip
        _compare(
            "books.sqlite, leaf",
            ((seq, digest.hex(), chain.hex(), leaf.decode() or None)
             for seq, digest, chain, leaf in pack.leaves()),
            store.execute("SELECT seq, leaf_hash, chain, leaf FROM leaf ORDER BY seq"),
        )  # fmt: skip
        rows = store.execute(
            "SELECT a.path, a.unit, f.code, t.opening, t.debits - t.credits, t.closing,"
            " t.held_closing - t.held_opening FROM trial_balance t JOIN account a"
            " ON a.id = t.account JOIN fund f ON f.id = a.fund"
        ).fetchall()
    except sqlite3.Error as error:
        raise Fault(f"books.sqlite: it cannot be read ({error})") from error
    finally:
        store.close()
    check_trial_balance(pack, books, rows)


def check_trial_balance(
    pack: Pack, books: Books, rows: list[tuple[str, str, str, int, int, int, int]]
) -> None:
    """6. Opening and movement give the closing balance, and each unit and fund sums to zero."""
    totals: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    for path, unit, fund, opening, moved, closing, held in rows:
        if books.accounts.get(path, (unit, fund)) != (unit, fund):
            raise Fault(f"trial balance: {path} has another unit or fund than in the leaves")
        wanted = (books.sums[path, "P"], books.sums[path, "H"])
        if (moved, held) != wanted or opening + moved != closing or (pack.whole and opening):
            raise Fault(f"trial balance: {path} is not the sum of its entries")
        totals[unit, fund][0] += opening
        totals[unit, fund][1] += closing
    for (unit, fund), (opening, closing) in totals.items():
        if opening or closing:
            raise Fault(f"trial balance: {unit} of fund {fund} does not sum to zero")
    if absent := sorted(set(books.accounts) - {row[0] for row in rows}):
        raise Fault(f"trial balance: {absent[0]} is missing")


def _unguarded(cell: str) -> str:
    return cell[1:] if cell[:1] == "'" and cell[1:2] in FORMULA_STARTS else cell


def _sheet(pack: Pack, name: str) -> Iterator[dict[str, str]]:
    with (pack.folder / name).open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def check_sheets(pack: Pack, books: Books) -> None:
    """6. The sheets say what the leaves say."""

    def wanted() -> Iterator[object]:
        for seq, line, path, side, quantity, layer in books.all_lines():
            head = books.heads[seq]
            unit, fund = books.accounts[path]
            texts = [head[0], head[1], head[2], head[5], head[6], head[7], head[8], head[9] or ""]
            yield (seq, line, path, side, quantity, layer, unit, fund, *texts)

    def found() -> Iterator[object]:
        texts = ("id", "kind", "effective_on", "group", "reason", "purpose", "maker", "checker")
        for row in _sheet(pack, "entries.csv"):
            yield (
                int(row["journal"]), int(row["line"]), row["account"], row["side"],
                int(row["quantity"]), row["layer"], row["unit"], row["fund"],
                *(_unguarded(row[name]) for name in texts),
            )  # fmt: skip

    try:
        _compare("entries.csv", wanted(), found())
        for row in _sheet(pack, "trial-balance.csv"):
            moved = int(row["debits"]) - int(row["credits"])
            fits = int(row["opening"]) + moved == int(row["closing"])
            if not fits or moved != books.sums[row["account"], "P"]:
                raise Fault(f"trial-balance.csv: {row['account']} is not the sum of its entries")
    except (KeyError, TypeError, ValueError) as error:
        raise Fault(f"a sheet cannot be read ({error})") from error


HLEDGER = re.compile(r"(\d{4}-\d\d-\d\d) \* \((\d+|opening|closing)\)")
POSTING = re.compile(r"  (?:  )?([A-Z][\w:-]+)  (-?[\d.]+) (\"?)([A-Z][A-Z0-9-]*)\3")


def check_texts(pack: Pack, books: Books) -> None:
    """6. The text journals say what the leaves say, posting by posting."""
    scales = {"GBP": 2, "SAVING": 2}
    store = sqlite3.connect(f"file:{pack.folder / 'books.sqlite'}?mode=ro&immutable=1", uri=True)
    try:
        scales = dict(store.execute("SELECT code, scale FROM unit"))
    except sqlite3.Error as error:
        raise Fault(f"books.sqlite: it cannot be read ({error})") from error
    finally:
        store.close()
    for unit, scale in scales.items():
        wanted = sorted(
            (seq, path, quantity if side == "D" else -quantity)
            for seq, _, path, side, quantity, layer in books.all_lines()
            if layer == "P" and books.accounts[path][0] == unit
        )
        for name in (f"hledger-{unit}.journal", f"beancount-{unit}.beancount"):
            if not wanted and not (pack.folder / name).exists():
                continue
            found = sorted(_postings(pack.text(name), name, scale))
            if found != wanted:
                odd = next((a for a, b in zip(wanted, found, strict=False) if a != b), "the end")
                raise Fault(f"{name}: it differs from the leaves at {odd}")


def _postings(words: str, name: str, scale: int) -> Iterator[tuple[int, str, int]]:
    seq = 0
    for line in io.StringIO(words):
        if line[:1].isdigit() and (head := HLEDGER.match(line)):
            seq = int(head[2]) if head[2].isdigit() else 0
        elif line.startswith("  seq: "):
            seq = int(line[7:])
        elif line[:1].isdigit():
            seq = 0
        elif seq and (posting := POSTING.match(line)):
            value = posting[2].replace(".", "")
            decimals = len(posting[2].partition(".")[2])
            if decimals != scale:
                raise Fault(f"{name}: journal {seq} has {decimals} decimals")
            yield seq, posting[1], int(value)


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
    faults: list[str] = []
    try:
        pack = Pack(folder)
        name, public = read_key(key or pack.text("checkpoint.key"))
        signed = Checkpoint(pack.text("checkpoint.txt"), name, public, "checkpoint.txt")
        older = Checkpoint(old, name, public, "the older checkpoint") if old else None
    except Fault as fault:
        return [str(fault)]
    books = Books(pack)
    steps: list[tuple[str, Callable[[], None]]] = [
        ("the manifest names every file and is signed", lambda: check_manifest(pack, name, public)),
        ("leaves, chain and root are those of the checkpoint",
         lambda: check_leaves(pack, signed, older)),
        ("every journal balances and follows the rules", books.read),
        ("the database says what the leaves say", lambda: check_database(pack, books)),
        ("the sheets say what the leaves say", lambda: check_sheets(pack, books)),
        ("the text journals say what the leaves say", lambda: check_texts(pack, books)),
    ]  # fmt: skip
    for words, step in steps:
        try:
            step()
        except (Fault, OSError, UnicodeDecodeError, csv.Error) as fault:
            faults.append(str(fault))
            say(f"FAULT  {words}: no. {fault}")
        else:
            say(f"ok     {words}")
    if not faults:
        say(f"ok     {signed.size} journals of {signed.origin}")
    return faults


def main(arguments: list[str]) -> int:
    """Read the command line, check, and say what was found."""
    parser = argparse.ArgumentParser(description="Prove an audit pack without the service.")
    parser.add_argument("pack", type=Path, help="the pack's folder, or its .zip")
    parser.add_argument("--checkpoint", type=Path, help="an older checkpoint that you kept")
    parser.add_argument("--key", default="", help="the public key, or a file with it")
    chosen = parser.parse_args(arguments)
    room = Path(tempfile.mkdtemp(prefix="verify-"))
    try:
        old = chosen.checkpoint.read_text(encoding="utf-8") if chosen.checkpoint else ""
        key = chosen.key
        if key and Path(key).is_file():
            key = Path(key).read_text(encoding="utf-8")
        faults = verify(unpacked(chosen.pack, room), old=old, key=key)
    except (OSError, UnicodeDecodeError, Fault) as error:
        faults = [str(error)]
    finally:
        shutil.rmtree(room, ignore_errors=True)
    for fault in faults[:FAULTS_SHOWN_MAX]:
        print(f"NOT PROVEN: {fault}")
    if not faults and not (chosen.checkpoint or chosen.key):
        print("Note: without --key or --checkpoint this only shows that the pack agrees with")
        print("itself. Compare checkpoint.key with the key that the service publishes.")
    if not faults:
        print("PROVEN")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
