"""The council's pages of pledges: what waits for an answer, and one pledge with what can be done."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request
from flask import url_for as address
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from ledger.funds import queries as funds
from ledger.http import current_actor, guarded, idempotent, reading, run_unit
from ledger.kernel import limits
from ledger.kernel.clock import london_day, now
from ledger.kernel.errors import LedgerError, Missing
from ledger.pages.forms import Form, reason_of
from ledger.pages.group_pledges import record_for
from ledger.pages.groups import COMMITMENT_WORDS
from ledger.parties import queries as parties
from ledger.parties import service as party_service
from ledger.pledges import queries, rules, service

blueprint = Blueprint("moderation", __name__)

FIELDS = frozenset(
    {"reason", "verdict", "days", "quantity", "form_number", "email", "name", "offer",
     "deadline_on", "reference"}
)  # fmt: skip
TASKS = ("verdict", "offer", "paper", "receipts", "shortfall", "state")
VERDICTS = {
    "open": "It is open, and the group was told.",
    "back": "Sent back, with your reason.",
    "reject": "Turned down, with your reason.",
}
MANAGED = ("OPEN", "REACHED", "SETTLING", "DELIVERING", "SUSPENDED", "DISSOLVING", "LAPSED",
           "CANCELLED")  # fmt: skip


@blueprint.get("/moderation")
@guarded("pledge.moderate")
def queue() -> str:
    """Everything about pledges that waits for an officer, the oldest promise of an answer first."""
    with reading() as session:
        waiting = queries.pledges(session, states=("SUBMITTED",), rows_max=200)
        short = [
            view
            for view in queries.pledges(session, states=("SETTLING",), rows_max=200)
            if view.fell_short
        ]
        asked = queries.releases(session, states=("REQUESTED", "PROPOSED", "RELEASED"))
        owing = [
            view
            for view in queries.pledges(
                session, states=("LAPSED", "CANCELLED", "DISSOLVING"), rows_max=200
            )
            if any(one.state == "DUE" for one in queries.refunds(session, pledge=view.id))
        ]
        groups = {one.id: one.name for one in parties.organisations(session)}
        live = queries.pledges(
            session, states=("OPEN", "REACHED", "SETTLING", "DELIVERING", "SUSPENDED"),
            rows_max=200,
        )  # fmt: skip
    waiting.sort(key=lambda view: (view.answer_due_on is None, view.answer_due_on, view.id))
    return render_template(
        "moderation/queue.html", waiting=waiting, short=short, asked=asked, owing=owing,
        groups=groups, live=live, today=london_day(now()), words=rules.STATE_WORDS,
    )  # fmt: skip


@blueprint.get("/moderation/<pledge>")
@guarded("pledge.moderate")
def one(pledge: str) -> str:
    """One pledge with everything that an officer can do about it now."""
    return _page(pledge, "one", Form())


@blueprint.get("/moderation/<pledge>/<task>")
@guarded("pledge.moderate")
def task(pledge: str, task: str) -> str:
    """The form for one thing that can be done about a pledge."""
    if task not in TASKS:
        raise Missing(
            "There is nothing of that name to do about a pledge.",
            remedy="Go back to the page of the pledge.",
            place=task[:60],
        )
    return _page(pledge, task, Form(request.args))


def _page(pledge: str, task: str, form: Form) -> str:
    with reading() as session:
        view = queries.pledge(session, pledge)
        members = parties.members(session, view.group_id)
        rows = queries.commitments(session, pledge=pledge, states=tuple(rules.COUNTED))
        ours = current_actor().person in (*members, view.organiser)
        free = [one for one in funds.offers(session, limit=200) if one.state == "FUNDED"]
        return render_template(
            f"moderation/{task}.html", form=form, view=view, deal=view.deal, rows=rows, ours=ours,
            group=parties.organisation(session, view.group_id).name,
            broker=parties.person_name(session, view.broker), words=COMMITMENT_WORDS,
            names=parties.names(session, [row.person for row in rows]),
            givers=givers(session, pledge),
            money=queries.money(session, view) if view.unit == "GBP" else None,
            offers=[one for one in free if one.free_pence],
            kept=funds.reservations(session, pledge),
            releases=queries.releases(session, pledge=pledge),
            refunds=queries.refunds(session, pledge=pledge),
            runs=queries.refund_runs(session, pledge=pledge),
            state_words=rules.STATE_WORDS[view.state], managed=view.state in MANAGED,
            until=rules.day_and_hour(view.deadline_at - timedelta(seconds=1)),
            paying=[row for row in rows if row.state in (*rules.OWING, "CONFIRMED", "MET")],
            owing=[row for row in rows if row.state in rules.OWING],
        )  # fmt: skip


def givers(session: Session, pledge: str) -> dict[str, str]:
    """Who is owed money back by a pledge, by the promise it was given for."""
    owed = {
        one.commitment: queries.commitment(session, one.commitment).person
        for one in queries.refunds(session, pledge=pledge)
    }
    names = parties.names(session, set(owed.values()))
    return {commitment: names[person] for commitment, person in owed.items()}


def _act(
    pledge: str, task: str, form: Form, unit: Callable[[Session], object], *, said: str
) -> AnyResponse | tuple[str, int]:
    """Do it, say so, and come back; a refusal about a field stays beside that field."""
    if form.errors:
        return _page(pledge, task, form), 422
    try:
        run_unit(unit)
    except LedgerError as refusal:
        if refusal.place not in FIELDS:
            raise
        form.refuse(refusal)
        return _page(pledge, task, form), 422
    flash(said, "success")
    return redirect(address("moderation.one", pledge=pledge), 303)


@blueprint.post("/moderation/<pledge>/verdict")
@guarded("pledge.moderate")
@idempotent
def verdict(pledge: str) -> Any:
    """Open it, send it back, or turn it down."""
    form, actor = Form(request.form), current_actor()
    chosen = form.choice("verdict", VERDICTS, what="what you decide")
    reason = reason_of(form, required=chosen in ("back", "reject"))

    def unit(session: Session) -> None:
        service.moderate(
            session, pledge=pledge, verdict=chosen, reason=reason, actor=actor, now=now()
        )

    return _act(pledge, "verdict", form, unit, said=VERDICTS.get(chosen, ""))


@blueprint.post("/moderation/<pledge>/offer")
@guarded("offer.make")
@idempotent
def take_offer(pledge: str) -> Any:
    """Set part of a match offer aside for the pledge."""
    form, actor = Form(request.form), current_actor()
    offer = form.text("offer", what="an offer", verb="Select")
    return _act(
        pledge, "offer", form,
        lambda session: service.take_offer(
            session, pledge=pledge, offer=offer, actor=actor, now=now()
        ),
        said="The match is set aside for this pledge.",
    )  # fmt: skip


@blueprint.post("/moderation/<pledge>/paper")
@guarded("pledge.moderate")
@idempotent
def paper(pledge: str) -> Any:
    """Enter a signed paper form; it counts at once."""
    form, actor = Form(request.form), current_actor()
    with reading() as session:
        unit_code = queries.pledge(session, pledge).unit
    take = form.hours if unit_code == "HOUR" else form.pounds
    quantity = take("quantity", what="what the form says")
    name = form.text("name", what="the name on the form", chars=limits.NAME_CHARS_MAX)
    email = form.text("email", what="their email address", chars=254, required=False)
    number = form.text("form_number", what="the number on the form", chars=60)
    at = now()

    def unit(session: Session) -> None:
        if email:
            person = party_service.person_for_contact(session, name=name, email=email, now=at)
        else:
            person = party_service.add_person(session, name=name, roles=("resident",), now=at)
        service.join_on_paper(
            session, pledge=pledge, person=person, quantity=quantity, form_number=number,
            show_name=form.ticked("show_name"), actor=actor, now=at,
        )  # fmt: skip

    return _act(pledge, "paper", form, unit, said="The form counts.")


@blueprint.post("/moderation/<pledge>/receipts")
@guarded("pledge.moderate")
@idempotent
def record(pledge: str) -> Any:
    """Record a bank line for a promise."""
    return record_for(pledge, "moderation.one", _receipts_page)


def _receipts_page(pledge: str, form: Form) -> str:
    return _page(pledge, "receipts", form)


@blueprint.post("/moderation/<pledge>/shortfall")
@guarded("pledge.moderate")
@idempotent
def shortfall(pledge: str) -> Any:
    """Decide what happens when too little came in."""
    form, actor = Form(request.form), current_actor()
    chosen = form.choice("verdict", ("go_on", "extend", "dissolve"), what="what happens")
    days = form.whole("days", what="by how many days", required=chosen == "extend")
    reason = reason_of(form)
    return _act(
        pledge, "shortfall", form,
        lambda session: service.decide_shortfall(
            session, pledge=pledge, verdict=chosen, reason=reason, days=days or 28, actor=actor,
            now=now(),
        ),
        said="Decided, and everybody who joined was told.",
    )  # fmt: skip


@blueprint.post("/moderation/<pledge>/state")
@guarded("pledge.moderate")
@idempotent
def change_state(pledge: str) -> Any:
    """Pause it, let it go on, dissolve it, or say that it is complete."""
    form, actor = Form(request.form), current_actor()
    chosen = form.choice("verdict", _CHANGES, what="what happens")
    reason = reason_of(form, required=chosen != "complete")
    deadline_on = form.day("deadline_on", what="the new last day", required=False)
    at = now()

    def unit(session: Session) -> None:
        if chosen == "suspend":
            service.suspend(session, pledge=pledge, reason=reason, actor=actor, now=at)
        elif chosen == "resume":
            service.resume(
                session, pledge=pledge, reason=reason, deadline_on=deadline_on, actor=actor, now=at
            )
        elif chosen == "dissolve":
            service.dissolve(session, pledge=pledge, reason=reason, actor=actor, now=at)
        else:
            service.complete(session, pledge=pledge, actor=actor, now=at)

    return _act(pledge, "state", form, unit, said=_CHANGES.get(chosen, ""))


_CHANGES = {
    "suspend": "Paused. Nobody can join until it goes on.",
    "resume": "It goes on.",
    "dissolve": "Dissolved. What is held goes back.",
    "complete": "Completed. Everybody who joined was told.",
}


@blueprint.get("/moderation/<pledge>/excuse/<commitment>")
@guarded("pledge.moderate")
def ask_excuse(pledge: str, commitment: str) -> str:
    """The form to excuse somebody, in confidence."""
    return _excuse_page(pledge, commitment, Form())


def _excuse_page(pledge: str, commitment: str, form: Form) -> str:
    with reading() as session:
        row = queries.commitment(session, commitment)
        view = queries.pledge(session, pledge)
        name = parties.person_name(session, row.person)
    return render_template("moderation/excuse.html", form=form, row=row, view=view, name=name)


@blueprint.post("/moderation/<pledge>/excuse/<commitment>")
@guarded("pledge.moderate")
@idempotent
def excuse(pledge: str, commitment: str) -> Any:
    """What is still owed is forgiven; the reason stays private."""
    form, actor = Form(request.form), current_actor()
    reason = reason_of(form)
    if form.errors:
        return _excuse_page(pledge, commitment, form), 422
    return _act(
        pledge, "one", form,
        lambda session: service.excuse(
            session, commitment=commitment, reason=reason, actor=actor, now=now()
        ),
        said="Excused. The reason stays private.",
    )  # fmt: skip
