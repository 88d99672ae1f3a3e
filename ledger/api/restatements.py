"""Restatements: two reports of the same days compared, and explained journal by journal."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from typing import Any

from flask.views import MethodView

from ledger.api import resource
from ledger.api.journals import book_of
from ledger.api.schemas.restatements import RestatementQuery, RestatementSchema
from ledger.books.queries import JournalRow
from ledger.closing import queries
from ledger.closing.queries import Explained, Report, Restatement, Window
from ledger.closing.rules import Change, Key, Moment
from ledger.http import guarded, reading
from ledger.http.pagination import decode, encode
from ledger.kernel.clock import from_microseconds
from ledger.kernel.errors import Invalid

blp = resource("restatements", "Why a figure was restated, journal by journal")


@blp.route("/")
class Restatements(MethodView):
    """Two reports compared."""

    @guarded("books.read")
    @blp.arguments(RestatementQuery, location="query")
    @blp.response(200, RestatementSchema)
    def get(self, query: dict[str, Any]) -> dict[str, Any]:
        """Compare two reports of a period, or of all up to a day: closes, or as known at instants.

        The changes add up to the journals' effects to the penny; ``items`` are the journals, a
        part at a time.
        """
        first, second = _moment(query, "first"), _moment(query, "second")
        after = int(decode(query["after"], int)[0]) if query["after"] else 0
        with reading() as session:
            found = queries.restatement(
                session, book=book_of(session), window=Window(query["period"], query["on"]),
                first=first, second=second, path=query["account"], after=after,
                limit=query["limit"],
            )  # fmt: skip
        return _shown(found)


def _moment(query: dict[str, Any], which: str) -> Moment:
    close, known_at = query[f"{which}_close"], query[f"{which}_known_at"]
    if close is not None and known_at is not None:
        raise Invalid(
            f"The {which} report is named by a close and by an instant.",
            remedy="Give one of them, or neither for now.",
            place=f"{which}_close",
        )
    return Moment(close, known_at)


def _shown(found: Restatement) -> dict[str, Any]:
    return {
        "starts_on": None if found.starts_on == date.min else found.starts_on,
        "ends_on": None if found.ends_on == date.max else found.ends_on,
        "first": _report(found.first), "second": _report(found.second),
        "changes": [_change(one) for one in found.changes],
        "wholly_explained": not found.unexplained, "count": found.count,
        "steps": [_journal(step) for step in found.steps],
        "items": [_item(one) for one in found.journals],
        "next": encode([found.next]) if found.next is not None else None,
    }  # fmt: skip


def _report(report: Report) -> dict[str, Any]:
    return {
        "seq": report.seq, "known_at": report.known_at, "agrees": report.agrees,
        "close": _journal(report.close) if report.close else None,
    }  # fmt: skip


def _journal(row: JournalRow) -> dict[str, Any]:
    return asdict(row) | {"recorded_at": from_microseconds(row.recorded_us)}


def _key(key: Key) -> dict[str, str]:
    return {"account": key.path, "unit": key.unit, "fund": key.fund, "layer": key.layer}


def _change(one: Change) -> dict[str, Any]:
    return _key(one.key) | {
        "before": one.before, "after": one.after, "difference": one.difference,
        "explained": one.explained, "unexplained": one.unexplained, "journals": one.journals,
    }  # fmt: skip


def _item(one: Explained) -> dict[str, Any]:
    effects = [_key(key) | {"difference": net} for key, net in one.effects.items()]
    return {"journal": _journal(one.journal), "words": one.words, "effects": effects}
