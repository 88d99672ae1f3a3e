"""The decisions of a pack: each with all that it can be made again from, without this service."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from sqlalchemy.orm import Session

from ledger.books import queries as books
from ledger.dividends import service as dividends
from ledger.dividends.service import Recorded
from ledger.exports.files import HashedFile
from ledger.exports.tables import Scope
from ledger.kernel.clock import london_day, microseconds

FILE: Final = "decisions.jsonl"


def write(session: Session, folder: Path, scope: Scope) -> dict[str, str]:
    """Write one line for each decision of these journals; returns its hash by the file's name.

    There is no file where there is no decision.
    """
    found = _within(session, scope)
    first = next(found, None)
    if first is None:
        return {}
    with HashedFile(folder / FILE) as file:
        file.write(_line(first))
        file.write_all(map(_line, found))
        return {FILE: file.sha256}


def _within(session: Session, scope: Scope) -> Iterator[Recorded]:
    """Those that were released by the last journal of the scope, on one of its days."""
    if not scope.size:
        return
    last_us = books.journal(session, scope.book, scope.size)[0].recorded_us
    for one in dividends.recorded(session, book=scope.book):
        known = microseconds(one.released_at) <= last_us
        if known and one.pays:
            award = f"{one.determination}:award"
            known = books.posted(session, scope.book, [award])[award][0] <= scope.size
        if known and scope.starts_on <= london_day(one.released_at) <= scope.ends_on:
            yield one


def _line(one: Recorded) -> str:
    facts = {"readings": one.readings, "record": one.record, "terms": one.terms}
    return json.dumps(facts, sort_keys=True, separators=(",", ":"), ensure_ascii=True) + "\n"
