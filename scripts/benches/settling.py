"""The night of pledges: the job that lets promises fall due, or go, for everybody at once."""

from __future__ import annotations

import statistics
from datetime import timedelta
from typing import Final

from ledger.jobs import pledges as job
from ledger.kernel.db import transaction
from ledger.pledges import queries
from scripts.benches import town
from scripts.benches.measure import Row, progress, rss_mb, seconds
from scripts.benches.stage import Stage, now

PENCE: Final = 1_200


def settle(stage: Stage) -> list[Row]:
    """Pledges that were reached fall due, pledges that were not lapse, each in one transaction."""
    people, rounds = stage.size(200, 20), stage.size(5, 3)
    with stage.app.app_context():
        town_people = town.settled(stage)
        neighbours, bare = town.neighbours(people), town.BareRows(stage)
        return [
            _night(
                stage, town_people, neighbours, bare, rounds, name=name, minimum=minimum,
                state=state,
            )
            for name, minimum, state in (
                ("settle", people * PENCE, "SETTLING"), ("settle-lapse", 10**8, "LAPSED"),
            )
        ]  # fmt: skip


def _night(
    stage: Stage, people: town.Town, neighbours: list[str], bare: town.BareRows, rounds: int, *,
    name: str, minimum: int, state: str,
) -> Row:  # fmt: skip
    """The job over one pledge at a time, so that each round is one of them."""
    progress(f"{rounds} pledges of {len(neighbours)} promises each: {name}")
    ours, theirs, written = [], [], 0
    for number in range(rounds):
        began = now() - timedelta(days=3 if state == "SETTLING" else 70)
        pledge = town.pledge(people, minimum=minimum, at=began)
        for person in neighbours:
            town.promised(pledge, person, PENCE, at=began)
        before = town.row_count(stage)
        ours.append(seconds(lambda: town.night(job.DEADLINES, number)))  # noqa: B023 - it is called at once
        with transaction(read_only=True) as session:
            assert queries.pledge(session, pledge).state == state
        written = town.row_count(stage) - before
        theirs.append(seconds(lambda: bare.write(written)))  # noqa: B023 - it is called at once
    count = len(neighbours)
    mine, bare_s = statistics.median(ours), statistics.median(theirs)
    return Row(
        name, stage.engine, count / mine, "promises/s",
        "bare driver: as many rows, one commit", bare_s / mine, rss_mb(), count / bare_s,
        {"promises": count, "rows_per_promise": written / count, "us_per_promise": 1e6 * mine / count},
    )  # fmt: skip
