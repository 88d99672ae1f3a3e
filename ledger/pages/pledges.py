"""Pledges as anybody sees them: the list, one pledge, joining it, and its poster."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Blueprint, redirect, render_template, request
from flask import url_for as address
from sqlalchemy.orm import Session

from ledger.exports.signing import address_code
from ledger.funds import queries as funds
from ledger.http import current_actor, guarded, idempotent, pagination, reading, run_unit
from ledger.http.cookies import settings
from ledger.http.refusals import BadCursor
from ledger.http.sign_in import count_address
from ledger.kernel import limits
from ledger.kernel.clock import london_day, now
from ledger.kernel.errors import LedgerError, Missing
from ledger.messages import service as outbox
from ledger.pages.codes import qr_code
from ledger.pages.forms import Form
from ledger.parties import queries as parties
from ledger.parties import service as party_service
from ledger.pledges import queries, rules, service

blueprint = Blueprint("pledges", __name__)

SHOWN = {
    "open": ("Open to join", frozenset({"OPEN"})),
    "going": (
        "Reached and going on",
        frozenset({"REACHED", "SETTLING", "DELIVERING", "SUSPENDED", "DISSOLVING"}),
    ),
    "ended": ("Ended", rules.ENDED),
}


def confirm_link() -> str:
    """Where the links in messages lead; the secret is added at the end."""
    return f"{settings().base_url}/pledges/confirm/"


def last_second(deadline_at: datetime) -> str:
    """The last moment at which people can join, with day, hour and zone."""
    return rules.day_and_hour(deadline_at - timedelta(seconds=1))


@blueprint.get("/pledges")
@guarded("pledge.read")
def every() -> str:
    """The pledges of the place, by how far they are, those that end first on top."""
    form = Form(request.args)
    show = form.value("show") if form.value("show") in SHOWN else "open"
    with reading() as session:
        places = parties.neighbourhoods(session)
        place = form.value("place")
        place = place if place in {one.id for one in places} else ""
        rows = queries.listed(
            session, states=SHOWN[show][1], neighbourhood=place, after=_cursor(form),
            rows_max=limits.PAGE_ROWS_DEFAULT + 1,
        )  # fmt: skip
        page = pagination.page(
            rows, size=limits.PAGE_ROWS_DEFAULT,
            key=lambda row: [row.deadline_at.isoformat(), row.id],
        )  # fmt: skip
        groups = {one.id: one.name for one in parties.organisations(session, kind="group")}
    more = address("pledges.every", show=show, place=place, after=page.next) if page.next else ""
    return render_template(
        "pledges/list.html", form=Form({"show": show, "place": place}), rows=page.items,
        groups=groups, places=places, shown=SHOWN, show=show, next_href=more,
        last_second=last_second, words=rules.STATE_WORDS,
    )  # fmt: skip


def _cursor(form: Form) -> tuple[datetime, str] | None:
    if not form.value("after"):
        return None
    at, reference = pagination.decode(form.value("after"), str, str)
    try:
        return datetime.fromisoformat(str(at)).astimezone(UTC), str(reference)
    except ValueError as error:
        raise BadCursor(
            "The list cannot go on from there.",
            remedy="Begin the list again.",
            place="after",
        ) from error


def public_pledge(session: Session, reference: str) -> queries.PledgeView:
    """A pledge that the public may see; a draft is not there for them.

    Raises:
        Missing: there is none, or it was never opened.
    """
    view = queries.pledge(session, reference)
    if view.state not in rules.PUBLIC:
        raise Missing(
            "There is no pledge at this address.",
            remedy="Look through the list of pledges.",
            place=reference,
        )
    return view


@blueprint.get("/pledges/<pledge>")
@guarded("pledge.read")
def one(pledge: str) -> str:
    """One pledge: how far it is, the whole deal, and what became of the money."""
    with reading() as session:
        view = public_pledge(session, pledge)
        kept = funds.reservations(session, pledge)
        donors = {row.donor: parties.organisation(session, row.donor).name for row in kept}
        return render_template(
            "pledges/one.html",
            view=view,
            deal=view.deal,
            group=parties.organisation(session, view.group_id).name,
            broker=parties.person_name(session, view.broker),
            supporters=queries.supporters(session, pledge),
            money=queries.money(session, view) if view.unit == "GBP" else None,
            hours=queries.sums(session, pledge) if view.unit == "HOUR" else None,
            offers=[(donors[row.donor], row) for row in kept],
            releases=queries.releases(session, pledge=pledge, states=("RELEASED", "PAID")),
            joinable=view.state in rules.JOINABLE and now() < view.deadline_at,
            mine=_mine(session, pledge),
            until=last_second(view.deadline_at),
            state_words=rules.STATE_WORDS[view.state],
        )


def _mine(session: Session, pledge: str) -> queries.CommitmentView | None:
    """What the person who looks has promised to it, if anything still stands."""
    actor = current_actor()
    if not actor.signed_in:
        return None
    states = ("UNCONFIRMED", *rules.COUNTED)
    found = queries.commitments(session, pledge=pledge, person=actor.person, states=states)
    return found[0] if found else None


@blueprint.get("/pledges/<pledge>/wordings")
@guarded("pledge.read")
def wordings(pledge: str) -> str:
    """Every version of the deal that people were asked to sign."""
    with reading() as session:
        view = public_pledge(session, pledge)
        return render_template(
            "pledges/wordings.html", view=view, versions=queries.wordings(session, pledge)
        )


@blueprint.get("/pledges/<pledge>/poster")
@guarded("pledge.read")
def poster(pledge: str) -> str:
    """A poster to print, in large letters, with the address to join at."""
    with reading() as session:
        view = public_pledge(session, pledge)
        link = f"{settings().base_url}/pledges/{view.id}"
        return render_template(
            "pledges/poster.html", view=view, deal=view.deal,
            group=parties.organisation(session, view.group_id).name,
            link=link, code=qr_code(link, css="app-poster__code"), until=last_second(view.deadline_at),
        )  # fmt: skip


@blueprint.get("/pledges/<pledge>/join")
@guarded("pledge.join")
def join(pledge: str) -> Any:
    """The form to promise something; somebody who is known is not asked who they are."""
    return _join_page(pledge, Form())


@blueprint.post("/pledges/<pledge>/join")
@guarded("pledge.join")
@idempotent
def joined(pledge: str) -> Any:
    """Take the promise and send the link by which it counts."""
    form, actor = Form(request.form), current_actor()
    with reading() as session:
        view = public_pledge(session, pledge)
    quantity = _quantity(form, view.unit)
    name = "" if actor.signed_in else form.text("name", what="your name", chars=200)
    email = "" if actor.signed_in else form.text("email", what="your email address", chars=254)
    form.ticked("agree", sentence="Read what happens with your promise, and tick the box")
    if form.errors:
        return _join_page(pledge, form), 422
    if not actor.signed_in:
        count_address(per_account=email)

    def unit(session: Session) -> None:
        person = actor.person
        if not actor.signed_in:
            person = party_service.person_for_contact(session, name=name, email=email, now=now())
        service.join(
            session, pledge=pledge, person=person, quantity=quantity, now=now(),
            show_name=form.ticked("show_name"), link=confirm_link(),
        )  # fmt: skip

    try:
        _take(unit, view, email)
    except LedgerError as refusal:
        if refusal.place not in ("quantity", "email", "name"):
            raise
        form.refuse(refusal)
        return _join_page(pledge, form), 422
    return redirect(address("pledges.check_messages", pledge=pledge), 303)


def _take(unit: Callable[[Session], None], view: queries.PledgeView, email: str) -> None:
    """Take the promise. Whether an address has joined is nobody's business but its owner's, so
    a visitor gets the same answer and the owner a message.
    """
    try:
        run_unit(unit)
    except (rules.AlreadyJoined, rules.OwnPledge):
        if not email:
            raise
        run_unit(lambda session: _tell_joined(session, view, email))


def _tell_joined(session: Session, view: queries.PledgeView, email: str) -> None:
    person = parties.person_by_email(session, email)
    assert person is not None, "the refusal was about this person"
    outbox.enqueue(
        session, key=f"{view.id}:joined-again:{person}:{london_day(now())}", recipient=person,
        template="pledge.joined_again", now=now(),
        facts={"pledge": view.id, "sentence": view.deal.sentence},
    )  # fmt: skip


def _quantity(form: Form, unit: str) -> int:
    if unit == "HOUR":
        return form.hours("quantity", what="how many hours you will give")
    return form.pounds("quantity", what="how much you will give")


def _join_page(pledge: str, form: Form) -> Any:
    with reading() as session:
        view = public_pledge(session, pledge)
        rules.check_can_join(
            state=view.state, deadline_at=view.deadline_at, person=current_actor().person,
            organiser=view.organiser, now=now(),
        )  # fmt: skip
    return render_template(
        "pledges/join.html", form=form, view=view, deal=view.deal,
        known=current_actor().signed_in, until=last_second(view.deadline_at),
    )  # fmt: skip


@blueprint.get("/pledges/<pledge>/joined")
@guarded("pledge.join")
def check_messages(pledge: str) -> str:
    """What to do next: the promise counts once the link in the message is followed."""
    with reading() as session:
        return render_template("pledges/joined.html", view=public_pledge(session, pledge))


@blueprint.get("/pledges/confirm/<secret>")
@guarded("pledge.join")
def confirm(secret: str) -> str:
    """The page behind the link: opening it counts nothing yet (mail scanners open links too)."""
    with reading() as session:
        mine = queries.commitment_by_secret(session, secret)
        view = queries.pledge(session, mine.pledge)
    return render_template(
        "pledges/confirm.html", mine=mine, view=view, deal=view.deal, secret=secret,
        waiting=mine.state == "UNCONFIRMED", until=last_second(view.deadline_at),
    )  # fmt: skip


@blueprint.post("/pledges/confirm/<secret>")
@guarded("pledge.join")
@idempotent
def confirmed(secret: str) -> str:
    """The promise counts from now; doing it again changes nothing."""
    done = run_unit(lambda session: service.confirm(session, secret=secret, now=now()))
    with reading() as session:
        view = queries.pledge(session, done.pledge)
        mine = queries.commitment(session, done.commitment)
    return render_template(
        "pledges/confirmed.html", done=done, view=view, mine=mine,
        receipt=address("receipts.held", reference=mine.id, code=address_code(mine.id)),
    )  # fmt: skip
