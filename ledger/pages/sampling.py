"""The auditor's samples: which journals to look at, drawn so that anybody can draw them again."""

from __future__ import annotations

from typing import Any, Final

from flask import Blueprint, current_app, render_template, request, url_for
from sqlalchemy.orm import Session

from ledger.exports import extracts, rules, sampling
from ledger.exports.sampling import Draw, Sample
from ledger.http import guarded, reading
from ledger.kernel.errors import LedgerError
from ledger.kernel.limits import SAMPLE_JOURNALS_MAX, SEED_CHARS_MAX
from ledger.pages.checkpoints import book_of
from ledger.pages.forms import PARTS, Form

blueprint = Blueprint("sampling", __name__)

DAYS: Final = tuple(f"{day}-{part}" for day in ("starts", "ends") for part in PARTS)
USUAL: Final = {"way": "random", "count": str(sampling.COUNT_USUAL)}


@blueprint.get("/audit/sample")
@guarded("export.make")
def sample() -> Any:
    """What to draw, and what was drawn; the address draws the same again."""
    form = Form(request.args)
    with reading() as session:
        book = book_of(session)
        if "seed" not in request.args:
            for name, value in {**USUAL, "seed": sampling.seed_offered(session, book)}.items():
                form.fill(name, value)
            return _page(form, None)
        drawn = _drawn(session, book, form)
    page = _page(form, drawn)
    return (page, 422) if form.errors else page


def _page(form: Form, drawn: Sample | None) -> str:
    again: dict[str, Any] = {
        name: form.value(name) for name in ("way", "sign", "count", "seed", *DAYS)
    }
    return render_template(
        "auditors/sample.html", form=form, sample=drawn, ways=list(rules.WAYS.items()),
        signs=[("", "None: draw from all journals"), *rules.SIGNS.items()], words=rules.SIGNS,
        way_words=rules.WAYS, count_max=SAMPLE_JOURNALS_MAX,
        again=url_for(".sample", size=drawn.scope.size, **again) if drawn else "",
    )  # fmt: skip


def _drawn(session: Session, book: int, form: Form) -> Sample | None:
    draw = Draw(
        seed=form.text("seed", what="a seed", chars=SEED_CHARS_MAX),
        way=form.choice("way", rules.WAYS, what="how to draw"),
        count=form.whole("count", what="how many journals"),
        sign=form.choice("sign", rules.SIGNS, what="a sign, or none", required=False),
    )
    starts_on = form.day("starts", what="the first day", required=False)
    ends_on = form.day("ends", what="the last day", required=False)
    size = form.whole("size", what="the number of the last journal", required=False)
    if form.errors:
        return None
    try:
        sampling.checked(draw)
        scope = extracts.scope_of(
            session, book=book, code=current_app.extensions["ledger.settings"].book_code,
            starts_on=starts_on, ends_on=ends_on, size=size if form.value("size") else None,
        )  # fmt: skip
    except LedgerError as refusal:
        form.refuse(refusal, field="starts" if refusal.place in ("starts_on", "size") else "")
        return None
    return sampling.sample(session, scope, draw)
