"""The desks of residents, group organisers and group treasurers, and their own promises."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request
from flask import url_for as address
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from ledger.dividends import queries as dividends
from ledger.dividends.rules import states
from ledger.http import current_actor, guarded, idempotent, reading, run_unit
from ledger.kernel.clock import london_day, now
from ledger.kernel.errors import Forbidden, LedgerError
from ledger.pages.forms import Form
from ledger.parties import queries as parties
from ledger.parties.rules import Actor
from ledger.pledges import queries, rules, service

blueprint = Blueprint("groups", __name__)

COMMITMENT_WORDS = {
    "UNCONFIRMED": "not confirmed yet", "CONFIRMED": "counts", "DUE": "due now",
    "PART_MET": "partly kept", "MET": "kept", "OVERDUE": "overdue", "DEFAULTED": "not kept",
    "EXCUSED": "excused", "WRITTEN_OFF": "given up", "WITHDRAWN": "withdrawn",
    "LAPSED": "ended with the pledge", "REFUND_DUE": "to be paid back", "REFUNDED": "paid back",
}  # fmt: skip
MINE = ("OPEN", "REACHED", "SETTLING", "DELIVERING", "SUSPENDED")


def groups_of(session: Session, actor: Actor, role: str) -> list[str]:
    """The groups in which somebody holds a role now."""
    return [
        grant.organisation
        for grant in parties.grants(session, actor.person)
        if grant.role == role and grant.organisation and grant.ended_at is None
    ]


def pledges_of(session: Session, groups: Sequence[str]) -> list[queries.PledgeView]:
    """Every pledge of these groups, also drafts."""
    return [
        view
        for group in groups
        for view in queries.pledges(session, states=rules.PLEDGE_STATES, group=group, rows_max=200)
    ]


@blueprint.get("/my")
@guarded("desk.read")
def resident_desk() -> str:
    """What a resident has promised, what is due, and hours that wait for their word."""
    me = current_actor().person
    with reading() as session:
        mine = queries.commitments(session, person=me)
        views = {one.pledge: queries.pledge(session, one.pledge) for one in mine}
        hours = [
            entry
            for one in mine
            for entry in queries.hours(session, commitment=one.id, states=("LOGGED",))
            if entry.giver_at is None
        ]
        given = sum(one.received + one.extra for one in mine if views[one.pledge].unit == "HOUR")
    return render_template(
        "groups/resident.html", mine=mine, views=views, hours=hours, given=given,
        words=COMMITMENT_WORDS,
    )  # fmt: skip


def my_commitment(session: Session, reference: str) -> queries.CommitmentView:
    """A commitment of the person who asks; another's is refused."""
    found = queries.commitment(session, reference)
    if found.person != current_actor().person:
        raise rules.NotTheirs("This is another person’s promise.", remedy="Look at your own.")
    return found


@blueprint.get("/my/promises/<commitment>")
@guarded("desk.read")
def promise(commitment: str) -> str:
    """One promise: what is due, what was received, and what can be done."""
    return _promise_page(commitment, Form())


def _promise_page(commitment: str, form: Form) -> str:
    with reading() as session:
        mine = my_commitment(session, commitment)
        view = queries.pledge(session, mine.pledge)
        until = rules.withdraw_until(reached_at=view.reached_at, confirmed_at=mine.confirmed_at)
        return render_template(
            "groups/promise.html", form=form, mine=mine, view=view, words=COMMITMENT_WORDS,
            receipts=queries.receipts(session, commitment=commitment),
            hours=queries.hours(session, commitment=commitment),
            may_withdraw=mine.state in rules.WITHDRAWABLE and (until is None or now() < until),
            until=rules.day_and_hour(until) if until else "",
            giving=view.unit == "HOUR" and mine.state in (*rules.OWING, "MET"),
        )  # fmt: skip


@blueprint.post("/my/promises/<commitment>/withdraw")
@guarded("pledge.withdraw")
@idempotent
def withdraw(commitment: str) -> AnyResponse:
    """Take a promise back while there is time."""
    actor = current_actor()
    run_unit(
        lambda session: service.withdraw(session, commitment=commitment, actor=actor, now=now())
    )
    flash("You have withdrawn. Your promise no longer counts.", "success")
    return redirect(address("groups.promise", commitment=commitment), 303)


@blueprint.post("/my/promises/<commitment>/hours")
@guarded("pledge.log_hours")
@idempotent
def log_hours(commitment: str) -> Any:
    """Write down time that was given; the organiser confirms it."""
    form, actor = Form(request.form), current_actor()
    minutes = form.hours("minutes", what="how long you worked")
    worked_on = form.day("worked_on", what="the day of the work")
    work = form.text("work", what="what you did", required=False)
    if form.errors or worked_on is None:
        return _promise_page(commitment, form), 422

    def unit(session: Session) -> None:
        my_commitment(session, commitment)
        service.log_hours(
            session, commitment=commitment, minutes=minutes, worked_on=worked_on, work=work,
            actor=actor, now=now(),
        )  # fmt: skip

    try:
        run_unit(unit)
    except LedgerError as refusal:
        if refusal.place not in ("minutes", "worked_on", "work"):
            raise
        form.refuse(refusal)
        return _promise_page(commitment, form), 422
    flash("Thank you. The organiser will confirm it.", "success")
    return redirect(address("groups.promise", commitment=commitment), 303)


@blueprint.get("/hours/<entry>")
@guarded("pledge.log_hours")
def hours_page(entry: str) -> str:
    """Hours that wait for the other side's word."""
    return _hours_page(entry, Form())


def _hours_page(entry: str, form: Form) -> str:
    actor = current_actor()
    with reading() as session:
        logged = queries.hours_entry(session, entry)
        view = queries.pledge(session, logged.pledge)
        giver = queries.commitment(session, logged.commitment).person
        organisers = parties.members(session, view.group_id, "organiser")
        if actor.person != giver and actor.person not in organisers:
            raise Forbidden(
                "These hours are between a giver and the group.", remedy="Look at your own."
            )
        return render_template(
            "groups/hours.html", form=form, entry=logged, view=view,
            name=parties.person_name(session, giver),
            mine=(actor.person == giver and logged.giver_at is None)
            or (actor.person in organisers and logged.organiser_at is None),
        )  # fmt: skip


@blueprint.post("/hours/<entry>")
@guarded("pledge.log_hours")
@idempotent
def decide_hours(entry: str) -> Any:
    """Say that the hours are right, or why not."""
    form, actor = Form(request.form), current_actor()
    verdict = form.choice("verdict", ("yes", "no"), what="whether the hours are right")
    reason = form.text("reason", what="why not", chars=5_000, required=verdict == "no")
    if form.errors:
        return _hours_page(entry, form), 422
    if verdict == "yes":
        run_unit(
            lambda session: service.confirm_hours(session, entry=entry, actor=actor, now=now())
        )
        flash("Confirmed. The hours count.", "success")
    else:
        run_unit(
            lambda session: service.refuse_hours(
                session, entry=entry, reason=reason, actor=actor, now=now()
            )
        )
        flash("Not confirmed. They were told why.", "success")
    return redirect("/desk", 303)


@blueprint.get("/group")
@guarded("pledge.change")
def organiser_desk() -> str:
    """What waits for a group's organiser, and all pledges of the group."""
    actor = current_actor()
    with reading() as session:
        groups = groups_of(session, actor, "organiser")
        to_sign = [
            view
            for group in groups
            for view in dividends.agreements_of(session, group)
            if view.state == states.POWER_CHECKED and group in view.unsigned
        ]
        views = pledges_of(session, groups)
        waiting = [
            (entry, view)
            for view in views
            if view.unit == "HOUR" and view.state in MINE
            for entry in queries.hours(session, pledge=view.id, states=("LOGGED",))
            if entry.organiser_at is None
        ]
    return render_template(
        "groups/organiser.html", views=views, waiting=waiting, words=rules.STATE_WORDS,
        to_sign=to_sign,
    )  # fmt: skip


@blueprint.get("/treasury")
@guarded("pledge.draw")
def treasurer_desk() -> str:
    """Where the group's money stands, and what can be asked for."""
    actor = current_actor()
    with reading() as session:
        groups = groups_of(session, actor, "treasurer")
        views = [
            view
            for view in pledges_of(session, groups)
            if view.unit == "GBP" and view.state in rules.PUBLIC
        ]
        rows = [
            (
                view,
                queries.money(session, view),
                queries.releases(session, pledge=view.id, states=("REQUESTED", "PROPOSED")),
            )
            for view in views
        ]
        shares = _dividends(session, groups)
    return render_template(
        "groups/treasurer.html", rows=rows, words=rules.STATE_WORDS, today=london_day(now()),
        dividends=shares,
    )  # fmt: skip


def _dividends(
    session: Session, groups: Sequence[str]
) -> list[tuple[dividends.AgreementView, int, int]]:
    """Each agreement that pays one of the groups, with what is due to it and what it was paid."""
    return [
        (
            view,
            dividends.payable_pence(session, view)[group],
            dividends.paid_pence(session, view)[group],
        )
        for group in groups
        for view in dividends.agreements_of(session, group)
        if view.state in states.PUBLIC and group in {one.organisation for one in view.terms.payees}
    ]
