"""Why a figure was restated: two reports of the same days, and every journal between them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Blueprint, render_template, request
from flask import url_for as address
from sqlalchemy.orm import Session

from ledger.books import queries as books
from ledger.books.queries import JournalRow
from ledger.closing import queries
from ledger.closing.queries import Restatement, Window
from ledger.closing.rules import HELD, Key, Moment
from ledger.http import guarded, reading
from ledger.kernel import limits
from ledger.kernel.clock import LONDON, end_of_london_day, from_microseconds
from ledger.kernel.errors import LedgerError, Missing
from ledger.kernel.money import format_quantity
from ledger.pages.as_at import FIELDS
from ledger.pages.checkpoints import book_of
from ledger.pages.forms import PARTS, Form
from ledger.pages.words import london_time

blueprint = Blueprint("restating", __name__)

NOW = "now"
_THEN = (*(f"then-{part}" for part in PARTS), "then_at")
_KEPT = ("period", "first", "second", *FIELDS, *_THEN)


@blueprint.get("/audit/explain")
@guarded("books.read")
def explain() -> Any:
    """Two signed closes of a period, or the trial balance as it was known at two moments."""
    form = Form(request.args)
    with reading() as session:
        book = book_of(session)
        period = _period(session, book, form)
        closes = queries.closes(session, book, period["id"]) if period else []
        asked = _of_closes(form, closes) if period else _of_moments(form)
        found = _compared(session, period, form, *asked) if asked else None
    page = render_template(
        "auditors/explain.html", form=form, period=period, found=found,
        choices=[*(_choice(close) for close in closes), (NOW, "As it stands now")],
        lines=_lines(found) if found else [], told=_told(found) if found else [],
        account=form.value("account"), more=_more(form, found) if found else "", kept=_kept(form),
    )  # fmt: skip
    return (page, 422) if form.errors else page


def _period(session: Session, book: int, form: Form) -> dict[str, Any] | None:
    typed = form.value("period")
    if not typed:
        return None
    if not typed.isascii() or not typed.isdigit() or len(typed) > limits.JSON_DIGITS_MAX:
        raise Missing("There is no such period.", remedy="Choose one from the list.", place=typed)
    return books.period(session, book, int(typed))


def _of_closes(form: Form, closes: list[JournalRow]) -> tuple[Moment, Moment] | None:
    """The two reports of a period; at first its last close, and what is known now."""
    if not closes:
        return None
    if not form.value("first"):
        form.fill("first", str(closes[-1].seq))
        form.fill("second", NOW)
    offered = [NOW, *(str(close.seq) for close in closes)]
    first = form.choice("first", offered, what="the first report")
    second = form.choice("second", offered, what="the second report")
    return None if form.errors else (_moment(first), _moment(second))


def _moment(chosen: str) -> Moment:
    return Moment() if chosen == NOW else Moment(close=int(chosen))


def _of_moments(form: Form) -> tuple[Moment, Moment] | None:
    """Two moments at which the trial balance was known; without the second, now."""
    if not any(form.value(name) for name in (*FIELDS, *_THEN)):
        return None
    first = _known(form, "known", "at", what="the first day", required=True)
    second = _known(form, "then", "then_at", what="the second day", required=False)
    form.day("on", what="the day", required=False)
    return None if form.errors else (Moment(known_at=first), Moment(known_at=second))


def _known(form: Form, day: str, clock: str, *, what: str, required: bool) -> datetime | None:
    """An instant; without a time of day, what was known by the end of it."""
    at = form.clock(clock, what="the time", required=False)
    on = form.day(day, what=what, required=required or at is not None)
    if on is None:
        return None
    if at is None:
        return end_of_london_day(on) - timedelta(microseconds=1)
    return datetime.combine(on, at, tzinfo=LONDON).astimezone(UTC)


def _compared(
    session: Session, period: dict[str, Any] | None, form: Form, first: Moment, second: Moment
) -> Restatement | None:
    on = form.day("on", what="the day", required=False)
    window = Window(period["id"]) if period else Window(on=on)
    typed = form.value("after") or "0"
    after = int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 16 else 0
    try:
        return queries.restatement(
            session, book=book_of(session), window=window, first=first, second=second,
            path=form.text("account", what="an account", required=False), after=after,
        )  # fmt: skip
    except LedgerError as refusal:
        form.refuse(refusal, field="first" if period else "known")
        return None


def _choice(close: JournalRow) -> tuple[str, str]:
    signed_on = london_time(from_microseconds(close.recorded_us))
    return str(close.seq), f"Closed on {signed_on}: {close.reason}"


def _lines(found: Restatement) -> list[dict[str, Any]]:
    return [
        {
            "path": one.key.path, "fund": one.key.fund, "held": one.key.layer == HELD,
            "before": format_quantity(one.before, one.key.unit),
            "after": format_quantity(one.after, one.key.unit),
            "difference": _signed(one.difference, one.key), "journals": one.journals,
            "unexplained": _signed(one.unexplained, one.key) if one.unexplained else "",
        }
        for one in found.changes
    ]  # fmt: skip


def _told(found: Restatement) -> list[dict[str, Any]]:
    return [
        {
            "seq": one.journal.seq, "words": one.words,
            "effects": [
                f"{key.path}{' (held)' if key.layer == HELD else ''}: {_signed(net, key)}"
                for key, net in one.effects.items()
            ],
        }
        for one in found.journals
    ]  # fmt: skip


def _signed(quantity: int, key: Key) -> str:
    return ("+" if quantity > 0 else "") + format_quantity(quantity, key.unit)


def _kept(form: Form) -> dict[str, Any]:
    """What was asked for, to be carried along by links."""
    return {name: form.value(name) for name in _KEPT if form.value(name)}


def _more(form: Form, found: Restatement) -> str:
    if found.next is None:
        return ""
    return address(
        ".explain", **_kept(form), account=form.value("account") or None, after=found.next
    )
