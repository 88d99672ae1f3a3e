"""Samples: some journals of a period, drawn so that anybody can draw the same again."""

from __future__ import annotations

from typing import Any

from flask import current_app
from flask.views import MethodView

from ledger.api import resource
from ledger.api.journals import book_of
from ledger.api.schemas.samples import SampleQuery, SampleSchema
from ledger.exports import extracts, sampling
from ledger.exports.sampling import Draw, Drawn
from ledger.http import guarded, reading

blp = resource("samples", "Journals to look at one by one, drawn by a seed")


@blp.route("/")
class Samples(MethodView):
    """One sample."""

    @guarded("export.make")
    @blp.arguments(SampleQuery, location="query")
    @blp.response(200, SampleSchema)
    def get(self, query: dict[str, Any]) -> dict[str, Any]:
        """Draw at random, by money or by signs of risk; the same question has the same answer."""
        draw = sampling.checked(Draw(query["seed"], query["way"], query["count"], query["sign"]))
        code = current_app.extensions["ledger.settings"].book_code
        days = {name: query[name] for name in ("starts_on", "ends_on", "size")}
        with reading() as session:
            scope = extracts.scope_of(session, book=book_of(session), code=code, **days)
            found = sampling.sample(session, scope, draw)
        return {
            "seed": draw.seed, "way": draw.way, "sign": draw.sign, "size": scope.size,
            "journals": found.journals, "pence": found.pence, "start": found.start,
            "interval": found.interval, "items": [_item(one) for one in found.drawn],
        }  # fmt: skip


def _item(one: Drawn) -> dict[str, Any]:
    journal = one.journal
    return {
        "seq": journal.seq, "id": journal.id, "kind": journal.kind, "group": journal.group,
        "effective_on": journal.effective_on, "recorded_at": journal.recorded_at,
        "pence": journal.pence, "signs": journal.risks.signs, "lot": one.lot, "marks": one.marks,
    }  # fmt: skip
