#!/usr/bin/env python3
"""Make every decision about a dividend in an audit pack again, without the service or the network.

    python3 verify_decisions.py PACK [--checkpoint OLD.txt] [--key KEY] [--evidence FOLDER]

It needs Python 3.11, and verify_books.py in the same folder; read both before you trust them.

PACK, OLD.txt and KEY are as for verify_books.py, which proves the rest. Here it is proved that the
journals are those under the checkpoint; then each decision is made again from its readings and terms
alone, with exact fractions. It must come out as recorded, the record must be the one that the award's
journal signed for, and the journals must move exactly those pence. With --evidence, a folder of
files, it also says which of them the decisions rest on.

Exit status 0: everything holds. 1: something does not, each fault on its own line. 2: usage.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction
from math import comb
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parent))

if TYPE_CHECKING:
    from scripts import verify_books as books
else:  # it lies beside this file, wherever somebody has put the two
    import verify_books as books

WHOLE_BP = 10_000  # a hundred per cent, in basis points
SEASONS = 12  # months in a year
DIGITS = Context(prec=60, rounding=ROUND_HALF_EVEN)
PI = Decimal("3.14159265358979323846264338327950288419716939937510582097494459")
KEPT = Decimal(1).scaleb(-24)


def divided(total: int, weights: list[int]) -> list[int]:
    """Pence by weights: rounded down, then one each to the largest remainders; ties go to the
    larger weight, then to the earlier party.
    """
    whole = sum(weights)
    parts = [total * weight // whole for weight in weights]
    order = sorted(
        range(len(weights)), key=lambda n: (-(total * weights[n] % whole), -weights[n], n)
    )
    for n in order[: total - sum(parts)]:
        parts[n] += 1
    return parts


class Table(NamedTuple):
    """Events in the area and in what it is compared with, before and after, and the months."""

    before: int
    after: int
    other_before: int
    other_after: int
    months_before: int
    months_after: int

    @property
    def compared(self) -> bool:
        """Whether there were any events to compare with."""
        return self.other_before + self.other_after > 0

    @property
    def expected(self) -> Fraction:
        """The area's events if it had moved as the others did, or as time did."""
        up, down = self.months_after, self.months_before
        if self.compared:
            up, down = (self.other_after, self.other_before) if self.other_before else (1, 1)
        return self.before * Fraction(up, down)

    @property
    def fall(self) -> Fraction:
        """How far fewer than expected: 2/5 is a fall of forty per cent."""
        if not self.expected:
            return Fraction(1 - (self.after or 1))
        return 1 - self.after / self.expected


def chance_exactly(table: Table, ratio: Fraction) -> Fraction:
    """The chance of so few events after, if the true ratio is this: Fisher's test, or a
    binomial where nothing is compared.
    """
    both = table.before + table.after
    if not table.compared:
        odds = ratio * Fraction(table.months_after, table.months_before)
        shares = [comb(both, n) * odds**n for n in range(table.after + 1)]
        return sum(shares) / (1 + odds) ** both
    after = table.after + table.other_after
    rest = table.other_before + table.other_after
    low, high = max(0, after - rest), min(both, after)
    up, down = ratio.numerator, ratio.denominator
    weights = [
        comb(both, n) * comb(rest, after - n) * up ** (n - low) * down ** (high - n)
        for n in range(low, high + 1)
    ]
    return Fraction(sum(weights[: table.after - low + 1]), sum(weights))


def chance_spread(table: Table, spread: Fraction, ratio: Fraction) -> Fraction:
    """The chance by the normal law of the logarithm of the ratio, its variance times the spread
    (Welsh and Farrington); half an event is added to each number where one is none.
    """
    cells = [Fraction(n) for n in table[: 4 if table.compared else 2]]
    if not all(cells):
        cells = [n + Fraction(1, 2) for n in cells]
    seen = cells[1] / cells[0]
    seen *= (
        cells[2] / cells[3] if table.compared else Fraction(table.months_before, table.months_after)
    )
    variance = sum((1 / n for n in cells), Fraction(0)) * spread
    log = DIGITS.ln(_decimal(seen / ratio))
    return Fraction(_below(DIGITS.divide(log, DIGITS.sqrt(_decimal(variance)))))


def _decimal(value: Fraction) -> Decimal:
    return DIGITS.divide(Decimal(value.numerator), Decimal(value.denominator))


def _below(score: Decimal) -> Decimal:
    """The normal probability below a score, by its power series, to 24 places."""
    size = score.copy_abs()
    if size > 20:
        return Decimal(0 if score < 0 else 1)
    term, total, step = size, size, 1
    while term > Decimal(1).scaleb(-54):
        step += 2
        term = DIGITS.divide(DIGITS.multiply(term, DIGITS.multiply(size, size)), Decimal(step))
        total = DIGITS.add(total, term)
    bell = DIGITS.exp(DIGITS.divide(-DIGITS.multiply(size, size), Decimal(2)))
    middle = DIGITS.divide(DIGITS.multiply(bell, total), DIGITS.sqrt(DIGITS.multiply(2, PI)))
    half = Decimal("0.5")
    tail = DIGITS.subtract(half, middle) if score < 0 else DIGITS.add(half, middle)
    return tail.quantize(KEPT, context=DIGITS)


def variation(series: list[int]) -> Fraction:
    """How much a baseline varies beyond chance once its season is taken out (Pearson over df)."""
    years, rest = divmod(len(series), SEASONS)
    if rest or years < 2:
        return Fraction(0)
    squares = Fraction(0)
    for season in range(SEASONS):
        values = series[season::SEASONS]
        if mean := Fraction(sum(values), years):
            squares += sum(((value - mean) ** 2 / mean for value in values), Fraction(0))
    return squares / (len(series) - SEASONS)


def tested(table: Table, baseline: list[int], terms: books.Facts) -> books.Facts:
    """The threshold's working: the fall, the chance of it, and what both mean."""
    threshold = Fraction(terms["threshold_bp"], WHOLE_BP)
    found: books.Facts = {"spread": Fraction(1), "p": None, "p_target": None, "fall": table.fall}
    found |= {"counterfactual": table.expected, "avoided": table.expected - table.after}
    falls = table.fall >= threshold and table.fall > 0
    found["result"] = "NOT_PROVEN" if falls else "WORSE" if table.fall < 0 else "NOT_MET"
    if table.fall >= threshold:
        found["spread"] = max(Fraction(1), variation(baseline))

    def chance(ratio: Fraction) -> Fraction:
        spread: Fraction = found["spread"]
        return max(chance_exactly(table, ratio), chance_spread(table, spread, ratio))

    if falls:
        found["p"] = chance(Fraction(1))
    if falls and found["p"] <= Fraction(terms["alpha_bp"], WHOLE_BP):
        found["p_target"] = chance(1 - threshold)
        assured = found["p_target"] <= Fraction(terms["alpha_target_bp"], WHOLE_BP)
        found["result"] = "MET_ASSURED" if assured else "MET_PROVISIONAL"
    return found


def paid_share(fall: Fraction, terms: books.Facts) -> Fraction:
    """The part of the saving that is paid: one share, or a share for each slab of the fall."""
    slabs = terms["slabs"]
    if not slabs or fall <= 0:
        return Fraction(terms["community_bp"], WHOLE_BP)
    ends = [Fraction(start, WHOLE_BP) for start, _ in slabs[1:]] + [fall]
    paid = Fraction(0)
    for (start, share), end in zip(slabs, ends, strict=True):
        width = max(Fraction(0), min(fall, end) - Fraction(start, WHOLE_BP))
        paid += width * Fraction(share, WHOLE_BP)
    return paid / fall


def shared_out(found: books.Facts, terms: books.Facts, available: list[int]) -> books.Facts:
    """The split's working: pence for each agency and payee; halves of a penny go to the even."""
    agencies, payees = terms["agencies"], terms["payees"]
    claimed = max(Fraction(0), found["avoided"]) * Fraction(terms["claim_bp"], WHOLE_BP)
    savings, wanted = [], []
    for one in agencies:
        cash = Fraction(one["cashable_bp"] * (WHOLE_BP - one["haircut_bp"]), WHOLE_BP**2)
        savings.append(round(claimed * one["unit_cost_pence"] * cash))
    pays = found["result"].startswith("MET_")
    if pays:
        wanted = [round(paid_share(found["fall"], terms) * saving) for saving in savings]
    total = sum(wanted)
    cut = divided(terms["cap_pence"], wanted) if total > terms["cap_pence"] else wanted
    awards = [min(pence, most) for pence, most in zip(cut, available, strict=True)] if pays else []
    awards = awards or [0] * len(agencies)
    kept = "holdback_bp" if found["result"] == "MET_ASSURED" else "holdback_provisional_bp"
    held = [round(Fraction(pence * terms[kept], WHOLE_BP)) for pence in awards]
    payable = divided(sum(awards) - sum(held), [one["weight"] for one in payees])
    return {
        "saving_pence": sum(savings), "award_pence": sum(awards), "holdback_pence": sum(held),
        "capped_pence": total - sum(awards),
        "agencies": [
            {"organisation": one["organisation"], "saving_pence": saving, "award_pence": award,
             "holdback_pence": back}
            for one, saving, award, back in zip(agencies, savings, awards, held, strict=True)
        ],
        "payees": [
            {"organisation": one["organisation"], "payable_pence": due}
            for one, due in zip(payees, payable, strict=True)
        ],
    }  # fmt: skip


def decided_again(facts: books.Facts, terms: books.Facts, readings: books.Facts) -> books.Facts:
    """A decision made again from readings and terms alone, written as its record writes it."""
    sums = {
        slot: sum(value for rows in areas.values() for _month, value, _revision in rows)
        for slot, areas in readings.items()
    }
    counts = [sums.get(slot, 0) for slot in ("before", "after", "other_before", "other_after")]
    table = Table._make([*counts, terms["baseline_months"], SEASONS])
    (baseline,) = readings["before"].values()
    found = tested(table, [value for _month, value, _revision in baseline], terms)
    amounts = shared_out(found, terms, facts["available"])
    exact = {
        name: "" if value is None else f"{value.numerator:#x}/{value.denominator:#x}"
        for name, value in found.items()
        if name != "result"
    }
    return {"counts": table._asdict(), "result": found["result"], "amounts": amounts, **exact}


def moved_by(kind: str, facts: books.Facts, terms: books.Facts) -> dict[str, int]:
    """What a decision's journal must move, account by account; debits above zero."""
    deal, amounts = facts["agreement"], facts["amounts"]
    moves: dict[str, int] = {}
    payees = [(one["organisation"], one["payable_pence"]) for one in amounts["payees"]]
    if kind == "dividend.confirm":
        back = divided(amounts["holdback_pence"], [one["weight"] for one in terms["payees"]])
        payees = [(name, pence) for (name, _), pence in zip(payees, back, strict=True)]
    for one in amounts["agencies"]:
        name, held = f"{deal}:{one['organisation']}", one["holdback_pence"]
        if kind == "saving.recognise":
            moves[f"Equity:Memo:Saving:Recognised:{name}"] = one["saving_pence"]
        elif kind == "dividend.award":
            moves[f"Liabilities:Dividend:Reserved:{name}"] = one["award_pence"]
            moves[f"Liabilities:Dividend:Holdback:{name}"] = -held
        else:
            moves[f"Liabilities:Dividend:Holdback:{name}"] = held
    if kind == "saving.recognise":
        rest = amounts["saving_pence"] - amounts["award_pence"]
        moves[f"Equity:Memo:Saving:Community:{deal}"] = -amounts["award_pence"]
        moves[f"Equity:Memo:Saving:Agencies:{deal}"] = -rest
    else:
        for name, pence in payees:
            moves[f"Liabilities:Dividend:Payable:{deal}:{name}"] = -pence
    return {path: pence for path, pence in moves.items() if pence}


class Decisions(books.Step):
    """Every decision comes out the same, and its journals move exactly its pence."""

    words = "every decision comes out the same when it is made again"
    remedy = "Ask for the files of evidence, and give them with this pack to the auditor."
    KINDS = ("dividend.award", "saving.recognise", "dividend.confirm")
    FILE = "decisions.jsonl"

    def __init__(self, pack: books.Pack, evidence: Path | None) -> None:
        self.pack, self._evidence = pack, evidence
        self._journals: dict[str, list[books.Facts]] = defaultdict(list)
        self._files: set[str] = set()

    def take(self, batch: books.Batch) -> None:
        """Keep the journals that carry a decision out."""
        for _, facts in batch.journals:
            if facts["kind"] in self.KINDS:
                self._journals[facts["id"].partition(":")[0]].append(facts)

    def finish(self) -> None:
        """Make each decision again, and name those that come out otherwise."""
        if not (self.pack.folder / self.FILE).exists():
            self._see_that_none_is_missing(set())
            return
        faults, made, signed = [], set(), 0
        for piece in self.pack.pieces(self.FILE, "\n"):
            for line in piece.splitlines():
                kept = json.loads(line)
                record = json.loads(kept["record"])
                name = str(record["determination"])
                made.add(name)
                signed += any(one["purpose"] for one in self._journals[name])
                self._files.update(record["files"])
                faults += [f"{name}: {fault}" for fault in self._odd(name, record, kept)]
        if faults:
            raise books.Fault("; ".join(faults[: books.FAULTS_SHOWN_MAX]))
        self._see_that_none_is_missing(made)
        self.words = (
            f"{len(made):,} decisions come out the same when they are made again,"
            f" {signed:,} of them signed for by the journal that awards them"
        )
        self._tell_evidence()

    def _see_that_none_is_missing(self, made: set[str]) -> None:
        for name, journals in self._journals.items():
            if name not in made and any(one["purpose"] for one in journals):
                raise books.Fault(f"{name}: what it was decided from is missing")

    def _odd(self, name: str, record: books.Facts, kept: books.Facts) -> Iterator[str]:
        facts, terms = record["facts"], json.loads(kept["terms"])
        yield from self._unlike_journals(name, facts, terms, _sha256(kept["record"]))
        if _sha256(kept["terms"]) != facts["terms"]:
            yield "the terms were altered"
        if _sha256(kept["readings"]) != facts["snapshot"]:
            yield "the readings were altered"
        if facts["rules"] != "dividends-1":
            yield f"it was decided by the rules {facts['rules']}, which this program does not know"
            return
        again = decided_again(facts, terms, json.loads(kept["readings"])["readings"])
        for part in sorted(again):
            if again[part] != facts[part]:
                yield f"made again, {part} is {again[part]}, not {facts[part]}"

    def _unlike_journals(
        self, name: str, facts: books.Facts, terms: books.Facts, digest: str
    ) -> Iterator[str]:
        for one in self._journals[name]:
            if one["purpose"] not in ("", digest):
                yield f"its record is not the one that journal {one['seq']} signed for"
            if moved_by(one["kind"], facts, terms) != books._posted(one, 1):
                yield f"journal {one['seq']} does not move what was decided"

    def _tell_evidence(self) -> None:
        if self._evidence is None:
            return
        files = sorted(path for path in self._evidence.iterdir() if path.is_file())
        odd = [path.name for path in files if books._sha256_of(path) not in self._files]
        if odd:
            raise books.Fault(f"no decision rests on these files as they are: {', '.join(odd)}")
        self.words += f"; {len(files):,} of {len(self._files):,} files of evidence are theirs"


def _sha256(words: str) -> str:
    return hashlib.sha256(words.encode()).hexdigest()


def verify(
    folder: Path, *, old: str = "", key: str = "", evidence: Path | None = None,
    say: Callable[[str], None] = print,
) -> list[str]:  # fmt: skip
    """Make the decisions of a pack's folder again; returns the faults."""
    try:
        pack = books.Pack(folder)
        name, public = books.read_key(key or pack.text("checkpoint.key"))
        signed = books.Checkpoint(pack.text("checkpoint.txt"), name, public, "checkpoint.txt")
        older = books.Checkpoint(old, name, public, "the older checkpoint") if old else None
    except books.Fault as fault:
        return [str(fault)]
    with ThreadPoolExecutor(1) as aside:
        first = [books.Manifest(pack, name, public, aside), books.Leaves(signed, older)]
        return books.Proof(pack, [*first, Decisions(pack, evidence)]).run(say)


def main(arguments: list[str]) -> int:
    """Read the command line, check, and say what was found."""
    parser = argparse.ArgumentParser(description="Make the decisions of an audit pack again.")
    parser.add_argument("pack", type=Path, help="the pack's folder or its .zip")
    parser.add_argument("--checkpoint", type=Path, help="an older checkpoint that you kept")
    parser.add_argument("--key", default="", help="the books' public key, or a file with it")
    parser.add_argument("--evidence", type=Path, help="a folder with files of evidence to compare")
    chosen = parser.parse_args(arguments)

    def check(room: Path) -> list[str]:
        old = chosen.checkpoint.read_text(encoding="utf-8") if chosen.checkpoint else ""
        return verify(
            books.unpacked(chosen.pack, room), old=old, key=next(iter(books._named([chosen.key])), ""),
            evidence=chosen.evidence,
        )  # fmt: skip

    return books.outcome(check, alone=not (chosen.checkpoint or chosen.key))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
