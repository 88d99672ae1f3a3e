"""The night of agreements: the job that tests every period that is due, beside one GROUP BY."""

from __future__ import annotations

import statistics
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any, Final

from ledger.jobs.evaluate_agreements import JOB
from ledger.kernel.db import transaction
from scripts.benches import deals, town
from scripts.benches.deals import BASELINE_MONTHS, County
from scripts.benches.measure import Row, progress, rss_mb, seconds
from scripts.benches.stage import Stage

_BARE: Final = (
    "CREATE TABLE bare_reading (agreement BIGINT NOT NULL, period BIGINT NOT NULL,"
    " value BIGINT NOT NULL)",
    "CREATE TABLE bare_release (agreement BIGINT PRIMARY KEY, before BIGINT, after BIGINT)",
)
_INDEX: Final = "CREATE INDEX bare_reading_all ON bare_reading (agreement, period, value)"
_GROUP_BY: Final = (
    "INSERT INTO bare_release SELECT agreement, before, after FROM (SELECT agreement,"
    f" SUM(CASE WHEN period < {BASELINE_MONTHS} THEN value ELSE 0 END) AS before,"
    f" SUM(CASE WHEN period >= {BASELINE_MONTHS} THEN value ELSE 0 END) AS after"
    " FROM bare_reading GROUP BY agreement) AS s WHERE after * 20 <= before * 9"
)
"""The year tested at least a tenth below the average of the two before it."""
COPIED: Final = {
    "reading_snapshot": "'X' || id, 'X' || owner, body, sha256, frozen_at",
    "proposal": "'X' || id, kind, subject, facts, digest, quantity_pence, bucket, maker, stages,"
    " state, proposed_at",
    "proposal_barred": "'X' || proposal, person",
    "audit_event": "at, actor, action, subject, facts, reason, authority",
    "determination": "'X' || id, agreement, period, revision + 1, result, 'X' || snapshot, facts,"
    " award_pence, holdback_pence, 'X' || proposal, state, tested_at, released_at",
    "message": "'X' || key, 'X' || id, recipient, template, facts, state, attempts, due_at,"
    " enqueued_at, sent_at, error",
}
"""The rows of one night, in the order of their references, renamed so that they fit in again."""


def evaluate(stage: Stage) -> list[Row]:
    """Every agreement tested and proposed by the job, then a second night with nothing to do."""
    count = stage.size(10_000, 300)
    with stage.app.app_context():
        county = deals.agreements(stage, count)
        bare = _bare(stage, county)
        with closing(stage.driver()) as wire:
            events = wire.execute("SELECT COALESCE(MAX(id), 0) FROM audit_event").fetchone()[0]
        progress("the job's night")
        forget_peak()
        said: list[str] = []
        took = seconds(lambda: said.append(town.night(JOB, 0)))
        peak = peak_mb()
        assert said == [f"{count} proposed, 0 waiting for readings"], said
        again = [seconds(partial(town.night, JOB, 1 + turn)) for turn in range(5)]
        assert town.night(JOB, 9) == "0 proposed, 0 waiting for readings"
        results = _results()
        same = _same_rows(stage, events)
    readings = sum(map(len, county.counts))
    return [
        Row("evaluate", stage.engine, 1000 * took, "ms", "one GROUP BY and INSERT, no proof kept",
            bare / took, peak, 1000 * bare,
            {"agreements_per_s": count / took, "agreements": count, "readings": readings,
             **results}),
        Row("evaluate-same-rows", stage.engine, 1000 * took, "ms",
            "bare driver: the same rows and triggers, one commit", same / took, peak, 1000 * same),
        Row("evaluate-again", stage.engine, 1000 * statistics.median(again), "ms",
            "one GROUP BY and INSERT, no proof kept", bare / statistics.median(again), peak,
            1000 * bare),
    ]  # fmt: skip


def _results() -> dict[str, float]:
    """How many agreements came to which result: what pays must be proven."""
    from ledger.dividends import queries

    with transaction(read_only=True) as session:
        found = [view.result for view in _all(queries, session)]
    return {result.lower(): found.count(result) for result in sorted(set(found))}


def _all(queries: Any, session: Any) -> list[Any]:
    views: list[Any] = []
    while page := queries.determinations(session, after=views[-1].id if views else "", limit=1_000):
        views += page
    return views


def _bare(stage: Stage, county: County) -> float:
    """The yardstick: the areas' own readings, already beside each other, in one statement."""
    wire = stage.driver(apart=True)
    for statement in _BARE:
        wire.execute(statement)
    wire.execute("BEGIN")
    rows = (
        (number, period, value)
        for number, values in enumerate(county.counts[county.others :])
        for period, value in enumerate(values)
    )
    deals.fill(stage, wire, "bare_reading", "agreement, period, value", rows)
    wire.execute(_INDEX)
    wire.execute("COMMIT")
    wire.execute("ANALYZE" if stage.engine == "sqlite" else "VACUUM ANALYZE bare_reading")
    times = []
    for _ in range(stage.size(9, 5)):
        wire.execute("DELETE FROM bare_release")
        times.append(seconds(lambda: _once(stage, wire)))
    wire.close()
    return statistics.median(times)


def _once(stage: Stage, wire: Any) -> None:
    wire.execute("BEGIN IMMEDIATE" if stage.engine == "sqlite" else "BEGIN")
    wire.execute(_GROUP_BY)
    wire.execute("COMMIT")


def _same_rows(stage: Stage, events: int) -> float:
    """What the database alone needs: the night's rows once more, from memory, in one commit."""
    wire = stage.driver()
    held = []
    for table, columns in COPIED.items():
        where = f" WHERE id > {events}" if table == "audit_event" else ""
        first = "id" if table == "audit_event" else "1"
        rows = wire.execute(f"SELECT {columns} FROM {table}{where} ORDER BY {first}").fetchall()
        names = columns.replace("'X' || ", "").replace(" + 1", "")
        held.append((table, names, rows))

    def write() -> None:
        wire.execute("BEGIN IMMEDIATE" if stage.engine == "sqlite" else "BEGIN")
        for table, names, rows in held:
            deals.fill(stage, wire, table, names, iter(rows))
        wire.execute("COMMIT")

    took = seconds(write)
    wire.close()
    return took


def forget_peak() -> None:
    """Begin anew to watch the most memory this process needs (Linux only)."""
    clear = Path("/proc/self/clear_refs")
    if clear.exists():
        clear.write_text("5")


def peak_mb() -> int:
    """The most memory needed since it was forgotten; elsewhere than on Linux since the start."""
    status = Path("/proc/self/status")
    if not status.exists():
        return rss_mb()
    found = [line for line in status.read_text().splitlines() if line.startswith("VmHWM")]
    return int(found[0].split()[1]) // 1024
