"""Follow the money from any end, back to where it came from and on to where it went.

And what people did about anything: its audit events, in order.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from flask import Blueprint, redirect, render_template, request, url_for
from sqlalchemy.orm import Session

from ledger.audit import queries as audit
from ledger.audit.queries import Event
from ledger.books import queries as books
from ledger.books.queries import EntryRow, JournalRow, Link, Step
from ledger.http import current_actor, guarded, reading
from ledger.kernel import limits
from ledger.kernel.errors import Missing
from ledger.kernel.money import format_quantity
from ledger.pages.checkpoints import book_of
from ledger.pages.forms import Form
from ledger.parties import queries as parties
from ledger.parties.rules import may

blueprint = Blueprint("following", __name__)

EVENTS: Final = 50
FACT_CHARS: Final = 200


def entry_row(entry: EntryRow) -> dict[str, Any]:
    """An entry as its table shows it."""
    held = " (held)" if entry.layer == "H" else ""
    quantity = format_quantity(entry.amount, entry.unit)
    return {
        "path": entry.path, "fund": entry.fund,
        "debit": quantity + held if entry.side == "D" else "",
        "credit": quantity + held if entry.side == "C" else "",
        "balance": format_quantity(entry.balance_after, entry.unit) + held,
    }  # fmt: skip


def called_in_office(session: Session, people: Iterable[str]) -> dict[str, str]:
    """The names of those who act in an office, for whoever may read people.

    A resident stays under their reference: what they promised does not need their name.
    """
    if not may(current_actor(), "people.read"):
        return {}
    official = {
        one
        for one in people
        if one.startswith("job:")
        or any(grant.role != "resident" for grant in parties.grants(session, one))
    }
    return parties.names(session, official)


def parts_of(
    steps: Sequence[Step], entries: Iterable[EntryRow], *, skipped: Sequence[str]
) -> dict[str, Any]:
    """B14: a journal's value in parts: where each came from, went on to, or that it rests.

    Of the accounts that were ``skipped`` nothing is known.
    """
    left = {
        entry.line: entry for entry in entries if entry.layer == "P" and entry.path not in skipped
    }
    matched: dict[int, int] = {}
    for step in steps:
        matched[step.line] = matched.get(step.line, 0) + step.quantity
    is_cut = len(steps) >= books.STEPS_MAX
    return {
        "back": [step for step in steps if step.is_back],
        "on": [step for step in steps if not step.is_back],
        "rest": [
            (entry.path, format_quantity(entry.amount - matched.get(line, 0), entry.unit))
            for line, entry in left.items()
            if entry.amount > matched.get(line, 0) and not is_cut
        ],
        "is_cut": is_cut,
        "skipped": skipped,
    }


@blueprint.get("/audit/find")
@guarded("books.read")
def find() -> Any:
    """Go to whatever a reference names: a journal, an account, or what journals belong to."""
    reference = request.args.get("reference", "").strip()[: limits.LINE_CHARS_MAX]
    with reading() as session:
        seq = _journal_number(session, reference)
        if seq is not None:
            return redirect(url_for("auditors.journal", seq=seq), 303)
        if books.balances(session, book_of(session), [reference]):
            return redirect(url_for("auditors.statement", account=reference), 303)
        if reference and _belonging(session, reference, limit=1):
            return redirect(url_for(".follow", group=reference), 303)
    return redirect(url_for("auditors.desk", reference=reference), 303)


def _journal_number(session: Session, reference: str) -> int | None:
    """The number that is meant, whether it is typed as such or as the journal's id."""
    if reference.isascii() and reference.isdigit() and len(reference) <= limits.JSON_DIGITS_MAX:
        return int(reference)
    known = books.posted(session, book_of(session), [reference]).get(reference)
    return known[0] if known else None


def _belonging(session: Session, reference: str, *, limit: int) -> list[JournalRow]:
    """The journals of a pledge, booking, agreement, dividend or promise."""
    book = book_of(session)
    found = books.journals(session, book, group=reference, limit=limit)
    return found or books.journals_begun(session, book, reference, limit=limit)


@blueprint.get("/audit/follow/<path:group>")
@guarded("books.read")
def follow(group: str) -> str:
    """Follow the money of one pledge, booking, agreement, dividend or promise, step by step."""
    most = limits.PAGE_ROWS_MAX
    with reading() as session:
        book, rows = book_of(session), _belonging(session, group, limit=most)
        steps = [(row, books.journal(session, book, row.seq)[1]) for row in rows]
    if not rows:
        raise Missing(
            f"No journal belongs to “{group[:80]}”.",
            remedy="Check the reference.",
            place=group[:80],
        )
    return render_template(
        "auditors/follow.html", group=group,
        steps=[(row, [entry_row(one) for one in entries]) for row, entries in steps],
        balances=_left(steps), cut=len(rows) == most,
        sees_events=may(current_actor(), "audit.read"),
    )  # fmt: skip


def _left(steps: list[tuple[JournalRow, list[EntryRow]]]) -> list[tuple[str, str]]:
    """What these journals together left on each account; debits above zero."""
    sums: dict[tuple[str, str], int] = {}
    for _, entries in steps:
        for entry in entries:
            if entry.layer == "P":
                signed = entry.amount if entry.side == "D" else -entry.amount
                sums[entry.path, entry.unit] = sums.get((entry.path, entry.unit), 0) + signed
    return [(path, format_quantity(total, unit)) for (path, unit), total in sorted(sums.items())]


@blueprint.get("/audit/journals/<int:seq>/way")
@guarded("books.read")
def way(seq: int) -> str:
    """B14: the whole way of a journal's value, back to the first journal and on to the last."""
    with reading() as session:
        book = book_of(session)
        row, entries = books.journal(session, book, seq)
        before, cut_before = books.way(session, book, [row], back=True)
        after, cut_after = books.way(session, book, [row], back=False)
    return render_template(
        "auditors/way.html", row=row, entries=[entry_row(one) for one in entries],
        before=_in_order(before), after=_in_order(after), cut=cut_before or cut_after,
    )  # fmt: skip


def _in_order(links: Iterable[Link]) -> list[Link]:
    return sorted(links, key=lambda link: (link.later.seq, link.earlier.seq, link.path))


@blueprint.get("/audit/timeline")
@guarded("audit.read")
def timeline() -> str:
    """What was done about anything, or by anybody, the newest first; with a journal, its own."""
    reference = request.args.get("reference", "").strip()[: limits.LINE_CHARS_MAX]
    typed = request.args.get("before", "")
    before = int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 16 else None
    with reading() as session:
        row, about = _about(session, reference)
        found = audit.events(session, about=about, before=before, rows_max=EVENTS + 1)
        called = called_in_office(session, {event.actor for event in found})
    more = (
        url_for(".timeline", reference=reference, before=found[EVENTS - 1].number)
        if len(found) > EVENTS
        else ""
    )
    return render_template(
        "auditors/timeline.html", form=Form(request.args), reference=reference, journal=row,
        events=[(event, _facts(event)) for event in found[:EVENTS]], next_href=more,
        called=called,
    )  # fmt: skip


def _about(session: Session, reference: str) -> tuple[JournalRow | None, list[str]]:
    """The journal that is asked about, if one is, and every reference whose events belong here."""
    seq = _journal_number(session, reference) if reference else None
    if seq is None:
        return None, [reference] if reference else []
    row, _ = books.journal(session, book_of(session), seq)
    return row, sorted({row.group_id, row.id.split(":")[0]} - {""})


def _facts(event: Event) -> str:
    """The facts of an event on one line, long ones shortened."""
    return "; ".join(
        f"{name.replace('_', ' ')}: {str(value)[:FACT_CHARS]}"
        for name, value in sorted(event.facts.items())
        if value not in ("", None, [], {})
    )
