"""The bundle of a public inspection: what is opened to whom, and what proves the rest (X23 to X25).

X23 A bundle holds the commitments of every field, the salts and values of those that are opened,
    the hash of every journal up to the checkpoint, the checkpoint and the signed seal. The
    public's and the auditor's have the same commitments, and so the same root.
X24 The auditor's is made anew whenever it is asked for, so that it never holds what was erased.
X25 Both list what was withheld by hand, field by field, with the reason. The public's does not open
    those fields and says so in the sheet; the auditor's opens them, and says who withheld them.
"""

from __future__ import annotations

import csv
import json
import shutil
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import IO, Any, Final

from sqlalchemy.orm import Session

from ledger.audit import queries as audit_queries
from ledger.books import queries as books
from ledger.books.rules import canonical
from ledger.exports import pack, signing
from ledger.exports.files import HashedFile
from ledger.exports.sheets import guard
from ledger.inspections import queries, rules, service
from ledger.inspections.queries import InspectionView, Withheld
from ledger.inspections.service import Sealed
from ledger.parties import queries as parties
from ledger.parties.rules import Actor

PUBLIC: Final = "public"
FULL: Final = "full"
COMMITMENTS: Final = "commitments.jsonl"
OPENINGS: Final = "openings.jsonl"
HASHES: Final = "leaf-hashes.tsv"
SHEET: Final = "journals.csv"
COLUMNS: Final = (
    "journal", "effective_on", "kind", "id", "reason", "maker", "checker", "entry", "account",
    "side", "quantity", "unit", "fund", "layer",
)  # fmt: skip
LISTED: Final = "withheld.csv"
LIST_COLUMNS: Final = ("journal", "field", "ground", "reason", "withheld_on", "withheld_by")
WITHHELD: Final = "withheld"
BY_HAND: Final = f"{WITHHELD}: {rules.GROUND}"

README: Final = """The books of {code} from {starts} to {ends}, opened for inspection

Anybody may inspect them, ask and object from {opens} to {closes} (Local Audit and Accountability
Act 2014, sections 26 and 27). {what}

  journals.csv        every journal and entry, to be read in a spreadsheet
  openings.jsonl      the salt and value of every field that is opened, by journal
  commitments.jsonl   the commitment of every field, opened or not, by journal: SHA-256 of the salt
                      and of the journal's number, the field's name and its value
  withheld.csv        what was withheld by hand as commercially confidential (section 26), and why
  leaf-hashes.tsv     the hash by which the books know each journal, from the first to the last one
                      of the checkpoint
  seal.txt            the root over all commitments, signed on the day of opening; it is the same in
                      the public's bundle and in the auditor's
  checkpoint.txt      the size and root of the tree over all journals, signed
  checkpoint.key      the public key; compare it with the one that the service publishes
  MANIFEST.sha256     the hash of every file, and MANIFEST.note its signature

To prove it without the service, with Python 3.11, verify_books.py beside it and nothing else:

  python3 verify_inspection.py THIS-FOLDER --key KEY

What is withheld cannot be exchanged: the auditor, who opens it, has the same root as you.
"""
_WHAT: Final = {
    PUBLIC: "What names a person is withheld, and what withheld.csv lists: the field says so, and\n"
    "its commitment stands.",
    FULL: "This is the auditor's bundle. Nothing is withheld but what was erased since. Keep it safe.",
}


def open_books(
    session: Session, *, book: int, period: int, opens_on: date, actor: Actor, now: datetime,
    more_days: int = 0,
) -> str:  # fmt: skip
    """Open the books of a closed period for inspection under the newest checkpoint, and seal them.

    Raises:
        NotClosed, AlreadyOpened, Invalid: as the inspection says.
    """
    return service.open_books(
        session, book=book, period=period, opens_on=opens_on,
        signed=audit_queries.latest_checkpoint(session, book), origin=signing.origin(),
        seed=signing.seed(), actor=actor, now=now, more_days=more_days,
    )  # fmt: skip


def name_of(view: InspectionView, kind: str) -> str:
    """What a bundle is called."""
    return f"{view.id}-{kind}"


def write(session: Session, view: InspectionView, kind: str, into: Path) -> Path:
    """Write a bundle into a new folder below ``into``; it is renamed when whole."""
    folder = into / name_of(view, kind)
    into.mkdir(parents=True, exist_ok=True)
    working = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=into))
    try:
        _fill(session, view, kind, working)
        working.chmod(0o755)
        shutil.rmtree(folder, ignore_errors=True)
        working.rename(folder)
    finally:
        shutil.rmtree(working, ignore_errors=True)
    return folder


def zipped(session: Session, view: InspectionView, kind: str) -> IO[bytes]:
    """A bundle as one file that is gone when it is closed (X24)."""
    with tempfile.TemporaryDirectory(prefix="inspection-") as room:
        folder = write(session, view, kind, Path(room))
        file: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - whoever is answered closes it
        pack.zip_into(file, folder, folder.name)
    file.seek(0)
    return file


def _fill(session: Session, view: InspectionView, kind: str, folder: Path) -> None:
    signed = audit_queries.checkpoint(session, view.book, view.size)
    assert signed is not None, "an inspection stands under a checkpoint"
    code = books.book_code(session, view.book)
    facts = {
        "book": code, "inspection": view.id, "kind": kind, "starts_on": str(view.starts_on),
        "ends_on": str(view.ends_on), "opens_on": str(view.opens_on),
        "closes_on": str(view.closes_on),
    }  # fmt: skip
    readme = README.format(
        code=code, starts=view.starts_on, ends=view.ends_on, opens=view.opens_on,
        closes=view.closes_on, what=_WHAT[kind],
    )  # fmt: skip
    small = {
        "README.txt": readme, "bundle.json": json.dumps(facts, indent=2, sort_keys=True) + "\n",
        "checkpoint.txt": signed.note, "checkpoint.key": signed.key_line + "\n",
        "seal.txt": view.seal,
    }  # fmt: skip
    hashes = {name: _write(folder / name, [words]) for name, words in small.items()}
    lines = (
        f"{seq}\t{digest.hex()}\n"
        for seq, digest in books.leaf_hashes(session, view.book)
        if seq <= view.size
    )
    hashes[HASHES] = _write(folder / HASHES, lines)
    withheld = queries.withheld(session, view)
    hashes[LISTED] = _list(session, withheld, kind, folder / LISTED)
    hashes |= _journals(session, view, kind, folder, fields_by_hand(withheld))
    pack.write_manifest(folder, hashes, signed)


def fields_by_hand(withheld: Sequence[Withheld]) -> dict[int, frozenset[str]]:
    """X25: the fields of each journal that are withheld by hand."""
    parts: dict[int, list[str]] = defaultdict(list)
    for one in withheld:
        parts[one.seq].append(one.part)
    return {seq: rules.fields_of_parts(of) for seq, of in parts.items()}


def _list(session: Session, withheld: Sequence[Withheld], kind: str, path: Path) -> str:
    """X25: what was withheld by hand, a line for each field, by journal."""
    names = parties.names(session, {one.said_by for one in withheld} if kind == FULL else ())
    with HashedFile(path) as file:
        writer = csv.writer(file)
        writer.writerow(LIST_COLUMNS)
        before = 0
        for one in withheld:
            fields = [(name, rules.GROUND) for name in rules.fields_of_part(one.part)]
            fields += [(rules.KEPT_BACK, rules.BESIDE)] if one.seq != before else []
            who = (names.get(one.said_by) or one.said_by) if kind == FULL else "the council"
            for name, ground in fields:
                writer.writerow([one.seq, name, ground, guard(one.reason), one.said_on, guard(who)])
            before = one.seq
        return file.sha256


def _write(path: Path, parts: Any) -> str:
    with HashedFile(path) as file:
        file.write_all(parts)
        return file.sha256


def _journals(
    session: Session, view: InspectionView, kind: str, folder: Path,
    by_hand: Mapping[int, frozenset[str]],
) -> dict[str, str]:  # fmt: skip
    """The three files that go journal by journal, in one pass."""
    leaves = books.leaves_between(session, view.between)
    with (
        HashedFile(folder / COMMITMENTS) as shut,
        HashedFile(folder / OPENINGS) as opened,
        HashedFile(folder / SHEET) as sheet,
    ):
        writer = csv.writer(sheet)
        writer.writerow(COLUMNS)
        for one, (_seq, leaf, _digest) in zip(
            service.sealed(session, view=view), leaves, strict=True
        ):
            marked = by_hand.get(one.seq, frozenset()) if kind == PUBLIC else frozenset()
            given = one.openings if kind == FULL else _given(one, marked)
            shut.write_bytes(one.leaf + b"\n")
            line: dict[str, Any] = {
                "opened": {name: [salt.hex(), value] for name, (salt, value) in given.items()},
                "seq": one.seq,
            }
            if kind == FULL:
                line["leaf"] = leaf.decode("ascii")
            opened.write_bytes(canonical(line) + b"\n")
            fields = {name: value for name, (_, value) in given.items()}
            writer.writerows(rows_of(one.seq, fields | dict.fromkeys(marked, BY_HAND)))
        return {COMMITMENTS: shut.sha256, OPENINGS: opened.sha256, SHEET: sheet.sha256}


def _given(one: Sealed, marked: frozenset[str]) -> dict[str, Any]:
    shut = one.shut | marked
    return {name: opening for name, opening in one.openings.items() if name not in shut}


def rows_of(seq: int, fields: dict[str, Any]) -> Iterator[list[str]]:
    """A journal's rows of the sheet, as far as its fields are opened."""
    head = [str(seq)]
    for name in COLUMNS[1:7]:
        value = fields.get(name, WITHHELD)
        head.append(guard("" if value is None else str(value)))
    line = 1
    while f"entry.{line}.value" in fields:
        side, quantity, layer, unit, fund = fields[f"entry.{line}.value"]
        account = guard(str(fields.get(f"entry.{line}.account", WITHHELD)))
        yield [*head, str(line), account, side, str(quantity), unit, fund, layer]
        line += 1
