"""Decisions made again from a pack alone: to the penny, and whatever was altered is named (D17)."""

from __future__ import annotations

import hashlib
import json
import random
import shutil
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session

from ledger.audit import rules as audit_rules
from ledger.books import queries as books
from ledger.dividends import queries
from ledger.dividends import service as dividends
from ledger.dividends.rules.amounts import award_of
from ledger.dividends.rules.terms import WHOLE_BP, Terms
from ledger.dividends.rules.workings import amount_facts, facts_of
from ledger.exports import checkpoints, decisions, pack, signing
from ledger.kernel.db import transact, transaction
from ledger.kernel.money import split
from ledger.outcomes.rules.exact import ONE, Counts, falls_by
from ledger.outcomes.rules.spread import phi
from ledger.outcomes.rules.verdict import judge
from scripts import verify_books, verify_decisions
from tests import dividing
from tests.cast import Place
from tests.dividing import JOB, NOW
from tests.unit.test_dividends_rules import TERMS

DEALS: tuple[dict[str, Any], ...] = (
    {"claim_bp": 2_000, "cap_pence": 90_000},
    {"claim_bp": 2_000, "slabs": ((0, 1_000), (2_000, 4_000), (3_500, 8_000))},
    {"claim_bp": 1_777, "threshold_bp": 3_300, "alpha_target_bp": 100, "periods": 2},
    {"claim_bp": 2_000, "threshold_bp": 6_000, "expected_fall_bp": 8_000},
)
"""Cut to its cap; paid by slabs of the fall; provisional; and a fall that is not large enough."""


def decide(place: Place) -> list[str]:
    """Four agreements on one area, each determined for its year and released."""
    deal = dividing.stage(place)
    made = []
    for changed in DEALS:
        deal.agreement = dividing.drafted(deal, **changed)

        def unit(session: Session) -> None:
            dividing.sign_all(session, deal, deal.agreement)
            dividing.paid_in(session, deal, deal.agreement)
            dividends.fund(session, agreement=deal.agreement, actor=deal.actor("s151"), now=NOW)
            dividends.activate(
                session, agreement=deal.agreement, actor=deal.actor("officer"), now=NOW
            )

        transact(unit)
        made.append(dividing.proposed(deal))
        dividing.decided(deal, made[-1])
        transact(lambda s: dividends.release(s, determination=made[-1], actor=JOB, now=NOW))
    return made


def packed(place: Place, into: Path) -> Path:
    checkpoints.make(book=place.book, reason="asked", made_by="PER-A", now=NOW)
    with transaction(read_only=True) as session:
        scope = pack.scope_of(session, book=place.book, code="MAIN", starts_on=None, ends_on=None)
    return pack.make(scope, into).folder


def prove(folder: Path, **more: Any) -> tuple[list[str], list[str]]:
    said: list[str] = []
    faults: list[str] = verify_decisions.verify(folder, say=said.append, **more)
    return faults, said


@pytest.fixture
def made(place: Place, tmp_path: Path) -> tuple[list[str], Path]:
    return decide(place), packed(place, tmp_path / "packs")


def test_every_decision_is_made_again_offline_without_a_difference(
    place: Place, made: tuple[list[str], Path], tmp_path: Path
) -> None:
    names, folder = made
    faults, said = prove(folder)
    assert faults == []
    assert verify_books.verify(folder, say=said.append) == []
    assert "4 decisions come out the same when they are made again, 3 of them signed for" in (
        "\n".join(said)
    )
    with transaction(read_only=True) as session:
        views = [queries.determination(session, name) for name in names]
        again = [dividends.recomputed(session, determination=name) for name in names]
        leaf = books.journals_named(
            session, place.book, group=views[0].agreement, beginnings=[f"{names[0]}:award"], limit=1
        )
        purpose = books.journal(session, place.book, leaf[0])[0].purpose
    differences = sum(one != view.facts for one, view in zip(again, views, strict=True))
    print(f"COUNT decisions_replayed={len(names)} differences={differences + len(faults)}")
    assert differences == 0
    assert [view.result for view in views] == [
        "MET_ASSURED", "MET_ASSURED", "MET_PROVISIONAL", "NOT_MET",
    ]  # fmt: skip
    assert views[0].facts["amounts"]["capped_pence"] > 0
    line = next(one for one in lines(folder) if names[0] in one["record"])
    assert hashlib.sha256(line["record"].encode()).hexdigest() == purpose
    record = json.loads(line["record"])
    assert record["facts"]["rules"] == "dividends-1"
    assert record["files"] == [hashlib.sha256(dividing.readings_file()).hexdigest()]


def test_what_the_pack_says_of_decisions_does_not_change_with_later_ones(
    place: Place, tmp_path: Path
) -> None:
    names = decide(place)
    first = packed(place, tmp_path / "first")
    later = NOW.replace(year=2027, month=6)
    for name in names:
        transact(lambda s, name=name: dividends.confirm(s, determination=name, now=later))
    second = packed(place, tmp_path / "second")
    assert (first / decisions.FILE).read_bytes() == (second / decisions.FILE).read_bytes()
    assert prove(second)[0] == []


def lines(folder: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in (folder / decisions.FILE).read_text().splitlines()]


def readings_one_fewer(line: dict[str, str]) -> None:
    stored = json.loads(line["readings"])
    stored["readings"]["after"]["canal-side"][0][1] -= 1
    line["readings"] = json.dumps(stored, sort_keys=True, separators=(",", ":"))


def terms_with_more(line: dict[str, str]) -> None:
    line["terms"] = line["terms"].replace('"community_bp":5000', '"community_bp":5001')


def another_file(line: dict[str, str]) -> None:
    record = json.loads(line["record"])
    record["files"] = ["0" * 64]
    line["record"] = json.dumps(record, sort_keys=True, separators=(",", ":"))


def other_rules(line: dict[str, str]) -> None:
    line["record"] = line["record"].replace("dividends-1", "dividends-0")


def a_penny_more(line: dict[str, str]) -> None:
    record = json.loads(line["record"])
    record["facts"]["amounts"]["payees"][0]["payable_pence"] += 1
    line["record"] = json.dumps(record, sort_keys=True, separators=(",", ":"))


def rewritten(folder: Path, change: Callable[[list[dict[str, str]]], Any]) -> None:
    """Bend the decisions, and sign the manifest anew as whoever holds the key can."""
    kept = lines(folder)
    change(kept)
    words = "".join(json.dumps(one, sort_keys=True, separators=(",", ":")) + "\n" for one in kept)
    (folder / decisions.FILE).write_text(words)
    files = sorted(path for path in folder.iterdir() if not path.name.startswith("MANIFEST"))
    listed = "".join(
        f"{hashlib.sha256(one.read_bytes()).hexdigest()}  {one.name}\n" for one in files
    )
    (folder / "MANIFEST.sha256").write_text(listed)
    name, seed = (folder / "checkpoint.txt").read_text().splitlines()[0], signing.seed()
    body = f"{name}\nmanifest {hashlib.sha256(listed.encode()).hexdigest()}\n"
    (folder / "MANIFEST.note").write_text(audit_rules.signed_note(body, name=name, seed=seed))


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_altered_evidence_is_named_even_under_a_new_signature(
    made: tuple[list[str], Path], tmp_path: Path
) -> None:
    names, folder = made
    bends: list[tuple[Callable[[dict[str, str]], None], str]] = [
        (readings_one_fewer, "the readings were altered"),
        (terms_with_more, "the terms were altered"),
        (another_file, "its record is not the one that journal"),
        (other_rules, "which this program does not know"),
        (a_penny_more, "made again, amounts is"),
    ]
    found = 0
    for number, (bend, words) in enumerate(bends):
        for name in names[:3]:
            bent = tmp_path / f"{number}-{name}"
            shutil.copytree(folder, bent)
            rewritten(
                bent,
                lambda kept, name=name, bend=bend: bend(
                    next(one for one in kept if name in one["record"])
                ),
            )
            faults, _ = prove(bent)
            assert len(faults) == 1, faults
            found += faults[0].startswith(f"{name}: ") and words in faults[0]
    print(f"COUNT altered_evidence={len(bends) * 3} named={found}")
    assert found == len(bends) * 3


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_a_decision_left_out_is_missed_and_files_of_evidence_are_known(
    made: tuple[list[str], Path], tmp_path: Path
) -> None:
    names, folder = made
    evidence = tmp_path / "evidence"
    evidence.mkdir()
    (evidence / "fires.csv").write_bytes(dividing.readings_file())
    faults, said = prove(folder, evidence=evidence)
    assert (faults, "1 of 1 files of evidence are theirs" in "\n".join(said)) == ([], True)
    (evidence / "fires2.csv").write_bytes(dividing.readings_file(after=29))
    assert prove(folder, evidence=evidence)[0] == [
        "no decision rests on these files as they are: fires2.csv"
    ]
    rewritten(folder, lambda kept: kept.remove(next(o for o in kept if names[0] in o["record"])))
    assert prove(folder)[0] == [f"{names[0]}: what it was decided from is missing"]
    (folder / decisions.FILE).unlink()
    assert sorted(prove(folder)[0])[1] == f"missing: {decisions.FILE}"


def test_a_pack_without_decisions_has_no_file_of_them(place: Place, tmp_path: Path) -> None:
    dividing.running(place)
    folder = packed(place, tmp_path / "packs")
    assert not (folder / decisions.FILE).exists()
    assert prove(folder)[0] == []


def a_random_deal(chance: random.Random) -> Terms:
    slabs = ((0, chance.randint(0, 5_000)), (chance.randint(1, 4_000), chance.randint(1, 9_000)))
    return replace(
        TERMS, threshold_bp=chance.randint(1, 6_000), alpha_bp=chance.choice([100, 500, 2_000]),
        alpha_target_bp=chance.choice([500, 2_000, 5_000]), claim_bp=chance.randint(1, WHOLE_BP),
        community_bp=chance.randint(1, WHOLE_BP), cap_pence=chance.randint(1, 2_000_000),
        holdback_bp=chance.randint(0, 5_000), holdback_provisional_bp=chance.randint(0, WHOLE_BP),
        slabs=chance.choice([(), slabs]),
    )  # fmt: skip


def test_the_verifier_decides_as_the_service_does_whatever_the_figures() -> None:
    chance, results, differences = random.Random(20261126), set(), 0
    for _ in range(400):
        terms, top = a_random_deal(chance), chance.choice([1, 3, 9])
        baseline = [chance.randint(0, top) for _ in range(terms.baseline_months)]
        after = [chance.randint(0, chance.randint(0, top)) for _ in range(12)]
        others = [chance.randint(0, 300 * (chance.random() < 0.7)) for _ in range(2)]
        counts = Counts(sum(baseline), sum(after), *others, terms.baseline_months, 12)
        spread = phi(baseline, seasons=12) if falls_by(counts, terms.threshold_bp) else ONE
        verdict = judge(
            counts, threshold=Fraction(terms.threshold_bp, WHOLE_BP),
            alpha=Fraction(terms.alpha_bp, WHOLE_BP),
            alpha_target=Fraction(terms.alpha_target_bp, WHOLE_BP), spread=spread,
        )  # fmt: skip
        available = [chance.randint(0, 900_000) for _ in terms.agencies]
        amounts = award_of(
            result=verdict.result, avoided=verdict.avoided, fall=verdict.fall, terms=terms,
            available=available,
        )  # fmt: skip
        facts = facts_of(
            agreement="AGR-1", period=1, terms_digest="", snapshot_sha256="", counts=counts,
            verdict=verdict, amounts=amounts, terms=terms, available=available,
        )  # fmt: skip
        readings = {
            "before": {"a": [["m", value, 1] for value in baseline]},
            "after": {"a": [["m", value, 1] for value in after]},
            "other_before": {"b": [["m", others[0], 1]]},
            "other_after": {"b": [["m", others[1], 1]]},
        }
        again = verify_decisions.decided_again(
            facts, json.loads(json.dumps(terms.facts())), readings
        )
        results.add(verdict.result.value)
        differences += any(again[part] != facts[part] for part in again)
        assert amounts.award_pence == amount_facts(amounts, terms)["award_pence"]
    print(f"COUNT decisions_by_two_programs=400 differences={differences}")
    assert differences == 0
    assert results == {"WORSE", "NOT_MET", "NOT_PROVEN", "MET_PROVISIONAL", "MET_ASSURED"}


def test_a_split_of_pence_is_the_services_own() -> None:
    chance = random.Random(5)
    for _ in range(2_000):
        weights = [chance.randint(0, 9) for _ in range(chance.randint(1, 6))] + [1]
        total = chance.randint(0, 10_000)
        assert verify_decisions.divided(total, weights) == split(total, weights)
