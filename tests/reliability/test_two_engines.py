"""Two databases as each other's oracle: the same seed is asked of both, and both say the same."""

from __future__ import annotations

import os
from typing import Any

import pytest
from sqlalchemy import exc, text

from ledger.http import passwords
from ledger.kernel.db import db
from tests import simulating, stage
from tests.conftest import ENGINES, START_AT
from tests.simulating import ODD_QUANTITIES, ODD_WORDS, Town

SEEDS = int(os.environ.get("LEDGER_TEST_SEEDS") or 4)
"""Sixty for the full count; in every run one for each wing, to keep it short."""
OPERATIONS = 200


@pytest.fixture
def both(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both databases must have been asked for; a password is hashed in no time."""
    if request.config.option.engine != "both":
        pytest.skip("it compares the two databases: run it without --engine")
    monkeypatch.setattr(passwords, "hashed", lambda _password: "a hash that nobody signs in by")


def lived(
    stages: stage.Stages, engine: str, seed: int, patch: pytest.MonkeyPatch
) -> tuple[Any, ...]:
    app = stages.fresh(engine, peopled=False)
    with app.app_context(), simulating.seeded(patch, seed, START_AT) as (clock, chance):
        town = Town(app, clock, chance, focus=seed)
        town.work(OPERATIONS)
        assert town.whole(), f"seed {seed} on {engine}"
        return town.told, simulating.digest()


def test_the_same_seeds_are_answered_alike_and_leave_the_same_rows(
    stages: stage.Stages, both: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    operations, responses, digests, statuses = 0, [], [], set()
    for seed in range(SEEDS):
        (one, left), (other, right) = (lived(stages, name, seed, monkeypatch) for name in ENGINES)
        operations += len(one)
        statuses |= {status for _, _, status, _, _ in one}
        pairs = zip(one, other, strict=False)
        responses += [(seed, n, a, b) for n, (a, b) in enumerate(pairs) if a != b][:1]
        digests += [(seed, table) for table in left if left[table] != right[table]]
    print(
        f"COUNT two_engines_seeds={SEEDS} operations={operations} statuses={len(statuses)}"
        f" differing_responses={len(responses)} differing_digests={len(digests)}"
    )
    assert responses == []
    assert digests == []
    assert {200, 201, 403, 404, 409, 422} <= statuses


def naive(stages: stage.Stages, engine: str) -> list[str]:
    """The same odd values put into a table without a single rule."""
    said = []
    with stages.fresh(engine, peopled=False).app_context():
        with db.engine.begin() as wire:
            wire.execute(text("CREATE TABLE naive (words VARCHAR(10), pence BIGINT)"))
        for words in ODD_WORDS:
            for pence in ODD_QUANTITIES:
                try:
                    with db.engine.begin() as wire:
                        row = {"words": words, "pence": pence}
                        wire.execute(text("INSERT INTO naive VALUES (:words, :pence)"), row)
                    said.append("taken")
                except (exc.SQLAlchemyError, ValueError, OverflowError):
                    said.append("refused")
    return said


def test_a_table_without_rules_is_answered_differently(stages: stage.Stages, both: None) -> None:
    """The control: the same odd values do part the two databases where nothing stands before them."""
    one, other = (naive(stages, name) for name in ENGINES)
    parted = sum(a != b for a, b in zip(one, other, strict=True))
    print(f"COUNT two_engines_control_values={len(one)} differing={parted}")
    assert parted > 20
