"""Eight processes want the same rooms at once: no two active claims ever overlap (K1).

``RACE_ATTEMPTS`` (attempts of each process) makes it longer; 400 is the full run.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from flask import Flask
from sqlalchemy import text

from ledger.kernel.clock import FixedClock
from ledger.kernel.db import transaction
from tests.cast import Place
from tests.hall import open_hall

PROCESSES = 8
ATTEMPTS = int(os.environ.get("RACE_ATTEMPTS", "12"))
ROOT = Path(__file__).resolve().parents[2]
SPELL = (
    "import sys; from tests.racing import race;"
    " race(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))"
)
OVERLAPS = text(
    "SELECT count(*) FROM space_claim a JOIN space_claim b ON a.atom = b.atom AND a.id < b.id"
    " AND a.starts < b.ends AND b.starts < a.ends WHERE a.active = 1 AND b.active = 1"
)
ORPHANS = text(
    "SELECT count(*) FROM occurrence o WHERE o.state IN ('held', 'requested', 'confirmed')"
    " AND NOT EXISTS (SELECT 1 FROM space_claim c WHERE c.occurrence = o.id AND c.active = 1)"
)


def test_eight_processes_never_share_a_room(app: Flask, place: Place, clock: FixedClock) -> None:
    hall = open_hall(place, now=clock.now())
    facts = json.dumps(
        {"book": place.book, "people": place.people, "organisations": place.organisations,
         "hall": [hall.asset, hall.hall, hall.room_a, hall.room_b]}
    )  # fmt: skip
    url = app.extensions["ledger.settings"].database_url
    runs = [
        subprocess.Popen(
            [sys.executable, "-c", SPELL, url, facts, str(seed), str(ATTEMPTS)], cwd=ROOT,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for seed in range(PROCESSES)
    ]  # fmt: skip
    said = [run.communicate(timeout=600) for run in runs]
    assert [run.returncode for run in runs] == [0] * PROCESSES, [
        errors[-1500:] for _, errors in said
    ]
    with transaction(read_only=True) as s:
        overlaps, orphans = s.execute(OVERLAPS).scalar_one(), s.execute(ORPHANS).scalar_one()
        claims = s.execute(text("SELECT count(*) FROM space_claim")).scalar_one()
    print(f"COUNT overlaps={overlaps} claims={claims} attempts={PROCESSES * ATTEMPTS}")
    print(*(words for words, _ in said))
    assert (overlaps, orphans) == (0, 0)
    assert claims > 0
