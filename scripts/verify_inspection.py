#!/usr/bin/env python3
"""Prove the bundle of a public inspection of a Community Ledger, without the service or the network.

    python3 verify_inspection.py BUNDLE [--key KEY]

It needs Python 3.11, and verify_books.py in the same folder; read both before you trust them.

BUNDLE is what a council opens for public inspection: a folder or .zip in which every field of every
journal is committed to, some are opened, and what names people is withheld. What was withheld by hand
besides, as commercially confidential, is listed field by field with a reason. It is proved that the
journals are those under the checkpoint, that nothing opened is other than what was committed to,
that every journal balances, and that the root over all commitments is the one that was signed for
everybody. The auditor's bundle, in which nothing is withheld, has the same root, and is compared
with the journals' own bytes besides.

KEY is the public key as the service publishes it (a line NAME+ID+KEY, or a file with it).
Exit status 0: everything holds. 1: something does not, each fault on its own line. 2: usage.
"""

from __future__ import annotations

import argparse
import base64
import csv
import hashlib
import json
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parent))

if TYPE_CHECKING:
    from scripts import verify_books as books
else:  # it lies beside this file, wherever somebody has put the two
    import verify_books as books

COLUMNS = ("journal", "effective_on", "kind", "id", "reason", "maker", "checker", "entry",
           "account", "side", "quantity", "unit", "fund", "layer")  # fmt: skip
LIST = ("journal", "field", "ground", "reason", "withheld_on", "withheld_by")
GROUNDS = ("commercially confidential", "kept back with it")
BY_HAND = "withheld: commercially confidential"
IN_LEAF = ("checker", "deadline_us", "effective_on", "group", "id", "kind", "maker", "note",
           "purpose", "reason", "recorded_us", "resolves", "reverses")  # fmt: skip


def canonical(value: object) -> bytes:
    """ASCII JSON, sorted keys, no spaces: the only bytes that are ever hashed."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()


class Bundle(books.Pack):
    """A bundle in a folder, with what its seal says."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        facts = json.loads(self.text("bundle.json"))
        self.inspection, self.full = str(facts["inspection"]), facts["kind"] == "full"
        self.days = (str(facts["starts_on"]), str(facts["ends_on"]))
        self.opened = self.shut = self.by_hand = 0

    def lines(self, name: str) -> Iterator[str]:
        """The lines of a long file."""
        for piece in self.pieces(name, "\n"):
            yield from piece.removesuffix("\n").split("\n")

    def prove(self, name: str, public: bytes) -> str:
        """Check everything; returns what was found in words."""
        books.check_manifest(self, name, public)
        signed = books.Checkpoint(self.text("checkpoint.txt"), name, public, "checkpoint.txt")
        size, root = self._sealed(signed, name, public)
        tree, hashes = books.Tree(), self._hashes(signed)
        sheet, listed = self._rows_of("journals.csv", COLUMNS), self._listed()
        openings = self.lines("openings.jsonl")
        for committed in self.lines("commitments.jsonl"):
            tree.add([hashlib.sha256(b"\0" + committed.encode()).digest()])
            seq, fields = self._journal(committed, next(openings, "{}"), hashes, listed)
            if any(next(sheet, None) != row for row in _rows(seq, fields)):
                raise books.Fault(f"journals.csv: journal {seq} is not as it was opened")
        if (tree.size, tree.root()) != (size, root):
            raise books.Fault(f"{tree.size} journals do not have the root that the seal signs for")
        if next(openings, None) or next(sheet, None):
            raise books.Fault("openings.jsonl or journals.csv: there is more than was committed to")
        if listed:
            raise books.Fault(f"withheld.csv: journal {min(listed)} is not in the bundle")
        by_hand = f" ({self.by_hand:,} of them by hand)" if self.by_hand and not self.full else ""
        return (
            f"{size:,} journals of {self.days[0]} to {self.days[1]}: {self.opened:,} fields opened,"
            f" {self.shut:,} withheld{by_hand}, all under the root that was signed for everybody"
        )

    def _journal(
        self, committed: str, opening: str, hashes: dict[int, str], listed: dict[int, list[str]]
    ) -> tuple[int, books.Facts]:
        facts, opened = json.loads(committed), json.loads(opening)
        seq: int = facts["seq"]
        if canonical(facts) != committed.encode() or opened.get("seq") != seq:
            raise books.Fault(f"journal {seq}: its line is not written as it should be")
        if facts["leaf_hash"] != hashes.get(seq):
            raise books.Fault(f"journal {seq}: the books do not know it by this hash")
        fields = self._opened(seq, facts["commitments"], opened["opened"])
        self._check_journal(seq, fields)
        if self.full:
            self._check_leaf(seq, fields, opened["leaf"].encode(), facts["leaf_hash"])
        return seq, fields | self._withheld(seq, listed.pop(seq, []), facts["commitments"], fields)

    def _withheld(
        self, seq: int, listed: list[str], committed: books.Facts, opened: books.Facts
    ) -> books.Facts:
        """What the sheet says where a field was withheld by hand: nothing of it may be opened."""
        self.by_hand += len(listed)
        for field in listed:
            if field not in committed:
                raise books.Fault(f"withheld.csv: journal {seq} has no {field}")
            if field in opened and not self.full:
                raise books.Fault(f"journal {seq}: {field} is listed as withheld, and is opened")
        return {} if self.full else dict.fromkeys(listed, BY_HAND)

    def _listed(self) -> dict[int, list[str]]:
        """The fields of each journal that were withheld by hand, each with its reason."""
        found: dict[int, list[str]] = {}
        if not (self.folder / "withheld.csv").exists():
            return found  # a bundle of before anything could be withheld by hand
        for seq, field, ground, reason, *_who in self._rows_of("withheld.csv", LIST):
            fields = found.setdefault(int(seq), [])
            if ground not in GROUNDS or len(reason.strip()) < 3 or field in fields:
                raise books.Fault(f"withheld.csv: journal {seq}, {field}: its line is not whole")
            fields.append(field)
        return found

    def _sealed(self, signed: books.Checkpoint, name: str, public: bytes) -> tuple[int, bytes]:
        lines = books.open_note(self.text("seal.txt"), name, public, "seal.txt")
        books_root = base64.b64encode(signed.root).decode()
        expected = [name, f"inspection {self.inspection}", f"period {' '.join(self.days)}",
                    f"checkpoint {signed.size} {books_root}"]  # fmt: skip
        if len(lines) != 6 or lines[:4] != expected:
            raise books.Fault("seal.txt: it seals something else")
        count, root = lines[4].removeprefix("journals "), lines[5].removeprefix("root ")
        return int(count), books.exactly(root)

    def _hashes(self, signed: books.Checkpoint) -> dict[int, str]:
        tree, found = books.Tree(), {}
        for number, line in enumerate(self.lines("leaf-hashes.tsv"), start=1):
            seq, digest = line.split("\t")
            if seq != str(number) or len(digest) != 64:
                raise books.Fault(f"leaf-hashes.tsv: line {number} is not the hash of a journal")
            found[number] = digest
            tree.add([bytes.fromhex(digest)])
        if (tree.size, tree.root()) != (signed.size, signed.root):
            raise books.Fault("leaf-hashes.tsv: it does not have the root that the checkpoint says")
        return found

    def _opened(self, seq: int, committed: books.Facts, opened: books.Facts) -> books.Facts:
        for field, (salt, value) in opened.items():
            raw = bytes.fromhex(salt)
            made = hashlib.sha256(raw + canonical([seq, field, value])).hexdigest()
            if len(raw) != 32 or committed.get(field) != made:
                raise books.Fault(f"journal {seq}: {field} is not what was committed to")
        self.opened += len(opened)
        self.shut += len(committed) - len(opened)
        return {field: value for field, (_salt, value) in opened.items()}

    def _check_journal(self, seq: int, fields: books.Facts) -> None:
        sums: dict[tuple[str, str, str], int] = defaultdict(int)
        line = 0
        while (value := fields.get(f"entry.{line + 1}.value")) is not None:
            side, quantity, layer, unit, fund = value
            sums[unit, fund, layer] += books.SIGNS[side] * quantity
            line += 1
        if line < 2 or any(sums.values()):
            raise books.Fault(f"journal {seq}: it does not balance")
        if not self.days[0] <= fields["effective_on"] <= self.days[1]:
            raise books.Fault(f"journal {seq}: {fields['effective_on']} is outside the period")

    def _check_leaf(self, seq: int, fields: books.Facts, leaf: bytes, digest: str) -> None:
        if hashlib.sha256(b"\0" + leaf).hexdigest() != digest:
            raise books.Fault(f"journal {seq}: its bytes do not have the hash beside them")
        facts = json.loads(leaf)
        said = {name: facts[name] for name in IN_LEAF}
        for line, path, side, quantity, layer, unit, fund, version, after in facts["entries"]:
            said[f"entry.{line}.account"] = path
            said[f"entry.{line}.value"] = [side, quantity, layer, unit, fund]
            said[f"entry.{line}.after"] = [version, after]
        odd = [name for name, value in fields.items() if name in said and said[name] != value]
        missing = [name for name in said if name not in fields and name not in ("maker", "checker")]
        if facts["seq"] != seq or odd or missing:
            raise books.Fault(
                f"journal {seq}: {', '.join(odd + missing)} is not what its bytes say"
            )

    def _rows_of(self, name: str, columns: tuple[str, ...]) -> Iterator[list[str]]:
        with (self.folder / name).open(encoding="utf-8", newline="") as file:
            rows = csv.reader(file)
            if tuple(next(rows, ())) != columns:
                raise books.Fault(f"{name}: its columns are others")
            yield from rows


def _rows(seq: int, fields: books.Facts) -> Iterator[list[str]]:
    head = [str(seq)]
    for name in COLUMNS[1:7]:
        value = fields.get(name, "withheld")
        head.append("" if value is None else _unguarded(str(value)))
    line = 1
    while value := fields.get(f"entry.{line}.value"):
        side, quantity, layer, unit, fund = value
        account = _unguarded(str(fields.get(f"entry.{line}.account", "withheld")))
        yield [*head, str(line), account, side, str(quantity), unit, fund, layer]
        line += 1


def _unguarded(cell: str) -> str:
    return "'" + cell if cell.startswith(books.FORMULA_STARTS) else cell


def verify(folder: Path, *, key: str = "", say: Callable[[str], None] = print) -> list[str]:
    """Check a bundle's folder; returns the faults, empty when everything holds."""
    try:
        bundle = Bundle(folder)
        name, public = books.read_key(key or bundle.text("checkpoint.key"))
        say(f"ok     {bundle.prove(name, public)}")
    except books.Fault as fault:
        return [str(fault)]
    except (AttributeError, LookupError, OSError, TypeError, ValueError, csv.Error) as error:
        return [f"the bundle is not written as it should be ({error!r})"]
    return []


def main(arguments: list[str]) -> int:
    """Read the command line, check, and say what was found."""
    parser = argparse.ArgumentParser(description="Prove the bundle of a public inspection.")
    parser.add_argument("bundle", type=Path, help="the bundle's folder or its .zip")
    parser.add_argument("--key", default="", help="the books' public key, or a file with it")
    chosen = parser.parse_args(arguments)
    key = next(iter(books._named([chosen.key])), "")
    return books.outcome(
        lambda room: verify(books.unpacked(chosen.bundle, room), key=key), alone=not chosen.key
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
