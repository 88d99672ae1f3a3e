"""The auditor's pages: everything that was posted, from any end, with its proof."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import (
    Blueprint,
    Response,
    current_app,
    flash,
    redirect,
    render_template,
    request,
    send_file,
    url_for,
)

from ledger.audit import queries as audit
from ledger.books import queries as books
from ledger.books.queries import BalanceRow, StatementLine
from ledger.books.rules import KIND_WORDS, fund_tables
from ledger.exports import checkpoints, pack, shelf
from ledger.http import current_actor, guarded, reading
from ledger.inspections import queries as inspections
from ledger.inspections.rules import ASKED, OBJECTION, REPLIED
from ledger.inspections.service import WITHHOLD
from ledger.kernel import clock, limits
from ledger.kernel.errors import LedgerError, Missing
from ledger.kernel.money import format_quantity
from ledger.pages import reversals
from ledger.pages.as_at import as_at, asked
from ledger.pages.checkpoints import book_of
from ledger.pages.following import called_in_office, entry_row, parts_of
from ledger.pages.forms import Form
from ledger.parties.rules import may

blueprint = Blueprint("auditors", __name__)

ROWS = 50
CAN = ("audit.read", "export.make", "checkpoint.make")
"""What the desk offers only to those who may: it never shows a button that would be refused."""


@blueprint.get("/audit")
@guarded("books.read")
def desk() -> Any:
    """Where the books stand, and the ways into them; with what could not be followed."""
    form = Form(request.args)
    if "reference" in request.args:
        typed = form.value("reference").strip()[: limits.LINE_CHARS_MAX]
        none = f"No journal or account belongs to “{typed}”. Check the reference"
        form.wrong("reference", none if typed else "Enter where to begin")
    with reading() as session:
        book = book_of(session)
        head = books.head(session, book)
        signed = audit.latest_checkpoint(session, book)
        periods = books.periods(session, book)
        objections = (
            inspections.count(session, states=(ASKED, REPLIED), kind=OBJECTION)
            if may(current_actor(), "inspection.decide")
            else 0
        )
    page = render_template(
        "auditors/desk.html",
        form=form,
        objections=objections,
        journals=head.next_seq - 1,
        signed=signed,
        unsigned=head.next_seq - 1 - (signed.size if signed else 0),
        open_periods=[one for one in periods if one["status"] != "CLOSED"],
        closed=[one for one in periods if one["status"] == "CLOSED"],
        can={action for action in CAN if may(current_actor(), action)},
    )
    return page, 422 if form.errors else 200


@blueprint.get("/audit/trial-balance")
@guarded("books.read")
def trial_balance() -> Any:
    """What every account holds now, as at a day, or as it was known; those at zero when asked."""
    form = Form(request.args)
    at = as_at(form)
    under = form.text("under", what="a path", chars=limits.NAME_CHARS_MAX, required=False)
    with reading() as session:
        book = book_of(session)
        rows = (
            books.trial_balance(session, book)
            if at.is_now
            else books.balances_as_at(session, book, at)
        )
    found = [row for row in rows if not under or (row.path + ":").startswith(under + ":")]
    every = request.args.get("zero") == "yes"
    shown = [row for row in found if every or row.net or row.held_dr or row.held_cr]
    page = render_template(
        "auditors/trial_balance.html", form=form, at=at, under=under, groups=_by_fund(shown),
        left_out=len(found) - len(shown), asked=asked(form),
        tables=fund_tables((row.path, row.unit, row.fund, row.net) for row in found),
    )  # fmt: skip
    return (page, 422) if form.errors else page


@dataclass(frozen=True, slots=True)
class Group:
    """The accounts of one unit in one fund, with their sum (zero when none is left out)."""

    unit: str
    fund: str
    rows: list[BalanceRow]

    @property
    def debits(self) -> int:
        """The sum of the accounts that stand in debit."""
        return sum(row.net for row in self.rows if row.net > 0)

    @property
    def credits(self) -> int:
        """The sum of the accounts that stand in credit."""
        return sum(row.owed for row in self.rows if row.net < 0)

    @property
    def total(self) -> int:
        """Debits less credits of all rows."""
        return self.debits - self.credits

    @property
    def has_holds(self) -> bool:
        """Whether something is held on one of the accounts."""
        return any(row.held_dr or row.held_cr for row in self.rows)


def _by_fund(rows: list[BalanceRow]) -> list[Group]:
    keys = sorted({(row.unit, row.fund) for row in rows})
    return [
        Group(unit, fund, [row for row in rows if (row.unit, row.fund) == (unit, fund)])
        for unit, fund in keys
    ]


@blueprint.get("/audit/statement")
@guarded("books.read")
def statement() -> Any:
    """The entries of one account, a page at a time, each with the balance after it.

    Without an account, the trial balance, where each is a link to its own.
    """
    path = request.args.get("account", "").strip()
    after, form = _number("after"), Form(request.args)
    at, kept = as_at(form), asked(form)
    if not path:
        return redirect(url_for(".trial_balance", zero="yes", **kept), 303)
    with reading() as session:
        book = book_of(session)
        balance = books.balance(session, book, path)
        lines = (
            books.statement(session, book, path, after=after, limit=ROWS + 1)
            if at.is_now
            else books.statement_as_at(session, book, path, at, after=after, limit=ROWS + 1)
        )
    more = len(lines) > ROWS
    page = render_template(
        "auditors/statement.html",
        form=form,
        at=at,
        balance=balance,
        rows=[_statement_row(line) for line in lines[:ROWS]],
        shown=(after + 1, after + min(len(lines), ROWS)),
        next_href=url_for(".statement", account=path, after=after + ROWS, **kept) if more else "",
        previous_href=url_for(".statement", account=path, after=after - ROWS, **kept)
        if after >= ROWS
        else "",
    )
    return (page, 422) if form.errors else page


def _statement_row(line: StatementLine) -> dict[str, Any]:
    held = " (held)" if line.layer == "H" else ""
    quantity = format_quantity(line.amount, line.unit)
    return {
        "day": line.effective_on, "seq": line.seq, "kind": line.kind, "reason": line.reason,
        "debit": quantity + held if line.side == "D" else "",
        "credit": quantity + held if line.side == "C" else "",
        "balance": format_quantity(line.balance_after, line.unit) + held,
    }  # fmt: skip


def _number(name: str) -> int:
    typed = request.args.get(name, "0")
    if not typed.isascii() or not typed.isdigit() or len(typed) > limits.JSON_DIGITS_MAX:
        raise Missing("There is no such page.", remedy="Begin the list again.", place=name)
    return int(typed)


@blueprint.get("/audit/journals")
@guarded("books.read")
def journals() -> Any:
    """Journals in order: all, or those of one pledge, booking or agreement, or of one kind."""
    group = request.args.get("group", "").strip()[: limits.LINE_CHARS_MAX]
    kind = request.args.get("kind", "")
    wanted = request.args.get("number", "").strip()
    if wanted.isascii() and wanted.isdigit() and len(wanted) <= limits.JSON_DIGITS_MAX:
        return redirect(url_for(".journal", seq=int(wanted)), 303)
    after = _number("after")
    with reading() as session:
        rows = books.journals(
            session, book_of(session), group=group, kind=kind if kind in KIND_WORDS else "",
            after=after, limit=ROWS + 1,
        )  # fmt: skip
    kept: dict[str, Any] = {
        name: value for name, value in (("group", group), ("kind", kind)) if value
    }
    more = url_for(".journals", after=rows[ROWS - 1].seq, **kept) if len(rows) > ROWS else ""
    return render_template(
        "auditors/journals.html", form=Form(request.args), group=group, rows=rows[:ROWS],
        kinds=[("", "Every kind"), *sorted(KIND_WORDS.items(), key=lambda item: item[1])],
        kind=kind, next_href=more,
    )  # fmt: skip


@blueprint.get("/audit/journals/<int:seq>")
@guarded("books.read")
def journal(seq: int) -> str:
    """One journal: who, when, why, its entries, what it answers, and its proof."""
    with reading() as session:
        book = book_of(session)
        row, entries = books.journal(session, book, seq)
        answers = books.answering(session, book, seq)
        undoing = reversals.shown(session, book, row, current_actor())
        withheld = inspections.withheld_of(session, book, seq)
        parts = parts_of(
            books.steps(session, book, seq), entries,
            skipped=books.not_followed(session, book, seq),
        )  # fmt: skip
        leaf = books.leaf(session, book, seq)
        signed = audit.first_checkpoint_covering(session, book, seq)
        called = called_in_office(session, {row.maker, row.checker or row.maker})
    return render_template(
        "auditors/journal.html", called=called, row=row, recorded=clock.from_microseconds(row.recorded_us),
        entries=[entry_row(entry) for entry in entries], answers=answers, leaf=leaf,
        undoing=undoing, signed=signed, parts=parts, sees_events=may(current_actor(), "audit.read"),
        withheld=withheld, withholds=may(current_actor(), WITHHOLD),
    )  # fmt: skip


@blueprint.get("/audit/journals/<int:seq>/proof.txt")
@guarded("books.read")
def proof(seq: int) -> Response:
    """The proof that a journal is under a checkpoint, in the form of C2SP tlog-proof."""
    with reading() as session:
        signed, hashes = checkpoints.inclusion(session, book=book_of(session), seq=seq)
    lines = ["c2sp.org/tlog-proof@v1", f"index {seq - 1}"]
    lines += [base64.b64encode(digest).decode() for digest in hashes]
    words = "\n".join(lines) + "\n\n" + signed.note
    return Response(words, content_type="text/plain; charset=utf-8")


@blueprint.get("/audit/periods")
@guarded("books.read")
def periods() -> str:
    """The accounting periods, and who closed them."""
    with reading() as session:
        rows = books.periods(session, book_of(session))
    return render_template("auditors/periods.html", rows=rows)


@blueprint.post("/audit/checkpoints")
@guarded("checkpoint.make")
def make_checkpoint() -> Any:
    """Sign what is there now."""
    with reading() as session:
        book = book_of(session)
    made = checkpoints.make(
        book=book, reason="asked", made_by=current_actor().person, now=clock.now()
    )
    flash(f"The checkpoint of {made.size:,} journals is signed.", "success")
    return redirect(url_for("checkpoints.latest"), 303)


@blueprint.get("/audit/packs")
@guarded("books.read")
def packs() -> str:
    """The packs that were made, and the form for another."""
    return _packs(Form())


def _packs(form: Form) -> str:
    with reading() as session:
        closed = books.periods(session, book_of(session))
    return render_template(
        "auditors/packs.html", form=form, packs=shelf.listed(now=clock.now()),
        periods=[one for one in closed if one["status"] == "CLOSED"],
    )  # fmt: skip


@blueprint.post("/audit/packs")
@guarded("export.make")
def make_pack() -> Any:
    """Begin to make a pack of everything, or of a period."""
    form = Form(request.form)
    whole = form.choice("what", ("all", "period"), what="what the pack holds") == "all"
    days: list[date | None] = [None, None]
    if not whole and not form.errors:
        days = [form.day("starts", what="the first day"), form.day("ends", what="the last day")]
    if form.errors:
        return _packs(form), 422
    at = clock.now()
    with reading() as session:
        book = book_of(session)
    try:
        checkpoints.make(book=book, reason="asked", made_by=current_actor().person, now=at)
        with reading() as session:
            scope = pack.scope_of(
                session, book=book, code=_code(), starts_on=days[0], ends_on=days[1]
            )
    except LedgerError as refusal:
        form.refuse(refusal, field="starts" if refusal.place == "starts_on" else "what")
        return _packs(form), 422
    return redirect(url_for(".one_pack", name=shelf.start(scope, now=at)), 303)


def _code() -> str:
    code: str = current_app.extensions["ledger.settings"].book_code
    return code


@blueprint.get("/audit/packs/<name>")
@guarded("books.read")
def one_pack(name: str) -> Any:
    """How far a pack is; the page looks again by itself until it is done."""
    found = shelf.look(name, now=clock.now())
    page = Response(render_template("auditors/pack.html", pack=found))
    if found.state == "running":
        page.headers["Refresh"] = "3"
    return page


@blueprint.get("/audit/packs/<name>.zip")
@guarded("export.make")
def download_pack(name: str) -> Response:
    """The pack itself, streamed."""
    path = shelf.download(name, now=clock.now())
    return send_file(path, "application/zip", as_attachment=True, download_name=f"{name}.zip")
