"""A group writes its pledge, sends it, follows its collection and asks for its money."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, current_app, flash, redirect, render_template, request
from flask import url_for as address
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from ledger.books import queries as books
from ledger.http import current_actor, guarded, idempotent, reading, run_unit
from ledger.kernel import limits
from ledger.kernel.clock import now
from ledger.kernel.errors import LedgerError
from ledger.kernel.money import format_pence
from ledger.pages.forms import Form, reason_of
from ledger.pages.groups import COMMITMENT_WORDS, groups_of
from ledger.parties import queries as parties
from ledger.pledges import queries, rules, service
from ledger.pledges.rules import Deal, Plan

blueprint = Blueprint("group_pledges", __name__)

FIELDS = frozenset(
    {"sentence", "description", "place", "minimum", "optimum", "maximum", "deadline_on",
     "too_little", "too_much", "undeliverable", "unit", "broker", "neighbourhood", "collect_days"}
)  # fmt: skip
UNITS = {"GBP": "Pounds", "HOUR": "Hours"}


def own_pledge(session: Session, reference: str, *roles: str) -> queries.PledgeView:
    """A pledge of a group in which the person who asks holds one of these roles.

    Raises:
        NotYourGroup.
    """
    view = queries.pledge(session, reference)
    groups = [one for role in roles for one in groups_of(session, current_actor(), role)]
    if view.group_id not in groups:
        raise rules.NotYourGroup(
            "The pledge belongs to another group.", remedy="Look at your own group’s pledges."
        )
    return view


@blueprint.get("/group/pledges/new")
@guarded("pledge.open")
def new() -> str:
    """The form for a new pledge."""
    return _new_page(Form({"unit": "GBP", "collect_days": "28"}))


def _new_page(form: Form) -> str:
    actor = current_actor()
    with reading() as session:
        names = parties.names(session, parties.with_role(session, "broker"))
        mine = groups_of(session, actor, "organiser")
        return render_template(
            "groups/new.html", form=form, units=UNITS,
            groups=[(one, parties.organisation(session, one).name) for one in mine],
            brokers=sorted(names.items(), key=lambda pair: pair[1]),
            places=[(one.id, one.name) for one in parties.neighbourhoods(session)],
        )  # fmt: skip


@blueprint.post("/group/pledges/new")
@guarded("pledge.open")
@idempotent
def make() -> Any:
    """Keep the draft; everything typed stays on the page when something is wrong."""
    form, actor = Form(request.form), current_actor()
    with reading() as session:
        group = form.choice("group", groups_of(session, actor, "organiser"), what="your group")
        broker = form.choice("broker", parties.with_role(session, "broker"), what="a broker")
        places = [one.id for one in parties.neighbourhoods(session)]
    unit_code = form.choice("unit", UNITS, what="pounds or hours")
    plan = Plan(
        group=group, organiser=actor.person, broker=broker, unit=unit_code or "GBP",
        neighbourhood=form.choice("neighbourhood", places, what="a neighbourhood"),
        match_counts=form.ticked("match_counts"),
        collect_days=form.whole("collect_days", what="how many days people have to pay"),
    )  # fmt: skip
    deal = read_deal(form, plan.unit)
    if form.errors or deal is None:
        return _new_page(form), 422
    code = current_app.extensions["ledger.settings"].book_code
    try:
        pledge = run_unit(
            lambda session: service.draft(
                session, book=books.book_id(session, code), plan=plan, deal=deal, actor=actor,
                now=now(),
            )
        )  # fmt: skip
    except LedgerError as refusal:
        if refusal.place not in FIELDS:
            raise
        form.refuse(refusal)
        return _new_page(form), 422
    flash("Your draft is kept. Check it, then send it to the council.", "success")
    return redirect(address("group_pledges.one", pledge=pledge), 303)


def read_deal(form: Form, unit: str) -> Deal | None:
    """The deal as typed; None when a figure or the day is missing."""
    take = form.hours if unit == "HOUR" else form.pounds
    sentence = form.text("sentence", what="what will happen, in one sentence")
    figures = {
        name: take(name, what=f"the {words}")
        for name, words in (
            ("minimum", "least that is needed"), ("optimum", "amount you hope for"),
            ("maximum", "most that you can use"),
        )
    }  # fmt: skip
    deadline_on = form.day("deadline_on", what="the last day to join")
    texts = {
        name: form.text(name, what="this", chars=limits.TEXT_CHARS_MAX, required=False)
        for name in ("description", "place", "too_little", "too_much", "undeliverable")
    }
    if form.errors or deadline_on is None:
        return None
    typed: dict[str, Any] = {**figures, **texts}
    return Deal(sentence=sentence, deadline_on=deadline_on, **typed)


def typed_deal(view: queries.PledgeView) -> Form:
    """A deal as its form shows it."""
    deal = view.deal
    return Form(
        {
            "sentence": deal.sentence, "description": deal.description, "place": deal.place,
            "too_little": deal.too_little, "too_much": deal.too_much,
            "undeliverable": deal.undeliverable,
            **{name: _typed(getattr(deal, name), view.unit)
               for name in ("minimum", "optimum", "maximum")},
            "deadline_on-day": str(deal.deadline_on.day),
            "deadline_on-month": str(deal.deadline_on.month),
            "deadline_on-year": str(deal.deadline_on.year),
        }
    )  # fmt: skip


def _typed(quantity: int, unit: str) -> str:
    if unit == "HOUR":
        whole, minutes = divmod(quantity, 60)
        return f"{whole}:{minutes:02d}" if minutes else str(whole)
    return format_pence(quantity).removeprefix("£").removesuffix(".00")


@blueprint.get("/group/pledges/<pledge>")
@guarded("pledge.change")
def one(pledge: str) -> str:
    """The organiser's page of a pledge: what it lacks, how far it is, what to do next."""
    with reading() as session:
        view = own_pledge(session, pledge, "organiser")
        faults = rules.faults_of(view.deal, unit=view.unit, broker=view.broker, now=now())
        counts: dict[str, int] = {}
        for mine in queries.commitments(session, pledge=pledge):
            counts[COMMITMENT_WORDS[mine.state]] = counts.get(COMMITMENT_WORDS[mine.state], 0) + 1
        return render_template(
            "groups/pledge.html", view=view, deal=view.deal, faults=faults, counts=counts,
            broker=parties.person_name(session, view.broker),
            money=queries.money(session, view) if view.unit == "GBP" else None,
            state_words=rules.STATE_WORDS[view.state],
        )  # fmt: skip


@blueprint.get("/group/pledges/<pledge>/edit")
@guarded("pledge.change")
def edit(pledge: str) -> str:
    """The form to change a draft."""
    with reading() as session:
        view = own_pledge(session, pledge, "organiser")
    return render_template("groups/edit.html", form=typed_deal(view), view=view)


@blueprint.post("/group/pledges/<pledge>/edit")
@guarded("pledge.change")
@idempotent
def keep_edit(pledge: str) -> Any:
    """Keep the changed draft."""
    form, actor = Form(request.form), current_actor()
    with reading() as session:
        view = own_pledge(session, pledge, "organiser")
    deal = read_deal(form, view.unit)
    if deal is None:
        return render_template("groups/edit.html", form=form, view=view), 422
    try:
        run_unit(
            lambda session: service.edit(session, pledge=pledge, deal=deal, actor=actor, now=now())
        )
    except LedgerError as refusal:
        if refusal.place not in FIELDS:
            raise
        form.refuse(refusal)
        return render_template("groups/edit.html", form=form, view=view), 422
    flash("Your draft is kept.", "success")
    return redirect(address("group_pledges.one", pledge=pledge), 303)


@blueprint.post("/group/pledges/<pledge>/submit")
@guarded("pledge.change")
@idempotent
def submit(pledge: str) -> AnyResponse:
    """Send the pledge to the council, which answers within three working days."""
    actor = current_actor()
    run_unit(lambda session: service.submit(session, pledge=pledge, actor=actor, now=now()))
    flash("Sent. The council answers within three working days.", "success")
    return redirect(address("group_pledges.one", pledge=pledge), 303)


@blueprint.get("/group/pledges/<pledge>/cancel")
@guarded("pledge.change")
def ask_cancel(pledge: str) -> str:
    """The form to cancel a pledge before anything falls due."""
    with reading() as session:
        view = own_pledge(session, pledge, "organiser")
    return render_template("groups/cancel.html", form=Form(), view=view)


@blueprint.post("/group/pledges/<pledge>/cancel")
@guarded("pledge.change")
@idempotent
def cancel(pledge: str) -> Any:
    """Cancel it, with a reason that everybody reads."""
    form, actor = Form(request.form), current_actor()
    reason = reason_of(form)
    if form.errors:
        with reading() as session:
            view = own_pledge(session, pledge, "organiser")
        return render_template("groups/cancel.html", form=form, view=view), 422
    run_unit(
        lambda session: service.cancel(
            session, pledge=pledge, reason=reason, actor=actor, now=now()
        )
    )
    flash("The pledge is cancelled, and everybody was told.", "success")
    return redirect(address("group_pledges.one", pledge=pledge), 303)


@blueprint.get("/group/pledges/<pledge>/money")
@guarded("pledge.draw")
def money(pledge: str) -> str:
    """The treasurer's page: what came in, what is held, and the form to ask for some of it."""
    return _money_page(pledge, Form())


def _money_page(pledge: str, form: Form) -> str:
    with reading() as session:
        view = own_pledge(session, pledge, "treasurer")
        rows = queries.commitments(session, pledge=pledge, states=tuple(rules.COUNTED))
        return render_template(
            "groups/money.html", form=form, view=view, money=queries.money(session, view),
            rows=rows, names=parties.names(session, [row.person for row in rows]),
            words=COMMITMENT_WORDS, releases=queries.releases(session, pledge=pledge),
            paying=[row for row in rows if row.state in (*rules.OWING, "CONFIRMED", "MET")],
        )  # fmt: skip


@blueprint.post("/group/pledges/<pledge>/receipts")
@guarded("pledge.draw")
@idempotent
def record(pledge: str) -> Any:
    """Record a bank line for a promise."""
    return record_for(pledge, "group_pledges.money", _money_page)


def record_for(pledge: str, endpoint: str, page: Any) -> Any:
    """Read the receipt form, record it, and go back to ``endpoint``; errors beside fields."""
    form, actor = Form(request.form), current_actor()
    commitment = form.text("commitment", what="whose money it is", verb="Select")
    pence = form.pounds("quantity", what="the amount")
    reference = form.text("reference", what="the reference on the bank statement")
    received_on = form.day("received_on", what="the day on the bank statement")
    if form.errors or received_on is None:
        return page(pledge, form), 422
    try:
        run_unit(
            lambda session: service.record_receipt(
                session, commitment=commitment, pence=pence, reference=reference,
                received_on=received_on, actor=actor, now=now(),
                accept_extra=form.ticked("accept_extra"),
            )
        )  # fmt: skip
    except LedgerError as refusal:
        if refusal.place not in ("quantity", "reference", "received_on"):
            raise
        form.refuse(refusal)
        return page(pledge, form), 422
    flash(f"Recorded {format_pence(pence)}. They were sent a receipt.", "success")
    return redirect(address(endpoint, pledge=pledge), 303)


@blueprint.post("/group/pledges/<pledge>/releases")
@guarded("pledge.draw")
@idempotent
def ask_release(pledge: str) -> Any:
    """Ask for money for a milestone; two people of the council decide."""
    form, actor = Form(request.form), current_actor()
    milestone = form.text("milestone", what="what was done")
    evidence = form.text("evidence", what="how it can be seen", chars=limits.TEXT_CHARS_MAX)
    pence = form.pounds("pence", what="how much is needed")
    if form.errors:
        return _money_page(pledge, form), 422
    try:
        run_unit(
            lambda session: service.request_release(
                session, pledge=pledge, milestone=milestone, pence=pence, evidence=evidence,
                actor=actor, now=now(),
            )
        )  # fmt: skip
    except LedgerError as refusal:
        if refusal.place not in ("quantity", "milestone", "evidence"):
            raise
        form.refuse(refusal, field="pence" if refusal.place == "quantity" else "")
        return _money_page(pledge, form), 422
    flash("Asked. Two people of the council decide, and you are told.", "success")
    return redirect(address("group_pledges.money", pledge=pledge), 303)
