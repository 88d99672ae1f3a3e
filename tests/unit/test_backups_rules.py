"""Names, manifests, programs and which backups are kept (K1, K2, K6)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from ledger.backups import rules
from ledger.backups.rules import Kept, Manifest

NOW = datetime(2026, 3, 2, 5, 40, tzinfo=UTC)


def kept(*, days: int, proved: bool = True) -> Kept:
    made_at = NOW - timedelta(days=days)
    return Kept(rules.name_of(book="MAIN", made_at=made_at), made_at, made_at if proved else None)


def test_a_name_says_which_book_and_which_second() -> None:
    name = rules.name_of(book="MAIN", made_at=NOW)
    assert name == "MAIN-20260302T054000Z"
    assert rules.made_at(name) == NOW
    assert rules.made_at("MAIN-yesterday") is None
    assert rules.made_at("../MAIN-20260302T054000Z") is None


def test_old_backups_are_dropped_oldest_first() -> None:
    every = [kept(days=days) for days in (0, 1, 2, 31, 40, 30)]
    assert rules.to_drop(every, now=NOW, days=30) == [kept(days=40).name, kept(days=31).name]


def test_the_newest_three_stay_however_old() -> None:
    every = [kept(days=days) for days in (100, 200, 300, 400)]
    assert rules.to_drop(every, now=NOW, days=30) == [kept(days=400).name]


def test_the_newest_proven_one_stays_when_all_since_do_not_prove() -> None:
    good = [kept(days=200), kept(days=100)]
    bad = [kept(days=days, proved=False) for days in (60, 50, 40, 35)]
    dropped = rules.to_drop([*good, *bad], now=NOW, days=30)
    assert kept(days=100).name not in dropped
    assert dropped == [kept(days=200).name, kept(days=60).name]
    assert rules.to_drop([], now=NOW, days=30) == []


def manifest(**changed: object) -> Manifest:
    facts: dict[str, object] = {
        "name": "MAIN-20260302T054000Z", "engine": "sqlite", "made_at": NOW, "file": "book.sqlite",
        "size_bytes": 5, "sha256": "00", "schema": "0040", "rows": {"journal": 2},
        "heads": {"MAIN": (2, "aa")}, "made_by": "SQLite",
    }  # fmt: skip
    return Manifest(**(facts | changed))  # type: ignore[arg-type]


def test_a_manifest_reads_as_it_was_written() -> None:
    assert rules.from_facts(rules.as_facts(manifest())) == manifest()
    assert manifest().journals == 2


@pytest.mark.parametrize(
    "change",
    [{"format": 2}, {"file": "../other"}, {"made_at": "yesterday"}, {"heads": 5}, {"rows": None}],
)
def test_a_manifest_of_another_form_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(rules.NotABackup):
        rules.from_facts(rules.as_facts(manifest()) | change)
    with pytest.raises(rules.NotABackup):
        rules.from_facts({})


def test_every_difference_is_named() -> None:
    other = manifest(schema="0041", rows={"journal": 3, "entry": 1}, heads={"MAIN": (2, "ab")})
    assert rules.differences(manifest(), manifest()) == []
    assert rules.differences(manifest(), other) == [
        "the schema is 0041, not 0040", "entry has 1 rows, not 0", "journal has 3 rows, not 2",
        "the head of book MAIN is another",
    ]  # fmt: skip


def test_the_program_is_of_the_servers_version_or_the_nearest_newer_one() -> None:
    found = {"/a": 15, "/b": 16, "/c": 18}
    assert rules.best_program(found, server=16) == "/b"
    assert rules.best_program(found, server=17) == "/c"
    assert rules.best_program(found, server=19) is None
    assert rules.server_major(180006) == 18
