"""The administrator's desk: people, roles, organisations and neighbourhoods."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request
from flask import url_for as address
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from ledger.audit import queries as audit_queries
from ledger.audit import service as audit
from ledger.backups import erasing
from ledger.http import current_actor, guarded, idempotent, reading, run_unit
from ledger.http.pagination import decode, page
from ledger.http.permissions import check
from ledger.kernel import limits
from ledger.kernel.clock import now
from ledger.kernel.errors import LedgerError, Missing
from ledger.messages import queries as messages
from ledger.pages.forms import Form, reason_of
from ledger.pages.people import send_link_to
from ledger.parties import queries, rules, service

blueprint = Blueprint("admin", __name__, url_prefix="/admin")


@blueprint.get("/")
@guarded("people.change")
def desk() -> str:
    """What an administrator looks after."""
    return _desk(Form(), Form())


def _desk(organisation: Form, neighbourhood: Form) -> str:
    with reading() as session:
        refused = audit_queries.events(session, action="request.refused", rows_max=10)
        return render_template(
            "people/admin.html",
            form=organisation if organisation.errors else neighbourhood,
            organisation=organisation,
            neighbourhood=neighbourhood,
            people=queries.count_people(session),
            organisations=queries.organisations(session),
            neighbourhoods=queries.neighbourhoods(session),
            messages=messages.counts(session),
            refused=refused,
            called=queries.names(session, {event.actor for event in refused}),
        )


@blueprint.get("/people")
@guarded("people.read")
def people() -> str:
    """Everybody, found by part of a name, or a page at a time."""
    form = Form(request.args)
    search = form.value("q").strip()[: limits.NAME_CHARS_MAX]
    cursor = form.value("after")
    after = str(decode(cursor, str)[0]) if cursor else ""
    size = limits.PAGE_ROWS_DEFAULT
    with reading() as session:
        rows = queries.people(session, after=after, search=search, rows_max=size + 1)
        found = page(rows, size=size, key=lambda row: [row.id])
        held = {row.id: _roles(session, row.id) for row in found.items}
    return render_template("people/list.html", form=form, page=found, held=held, search=search)


def _roles(session: Session, person: str) -> list[str]:
    return [rules.ROLES[one.role] for one in queries.grants(session, person) if not one.ended_at]


@blueprint.get("/people/new")
@guarded("people.add")
def new() -> str:
    """The form to add a person."""
    return render_template("people/new.html", form=Form(), **_choices())


@blueprint.post("/people/new")
@guarded("people.add")
@idempotent
def add() -> Any:
    """Add the person and send a link to sign in by."""
    form, by = Form(request.form), current_actor().person
    name = form.text("name", what="their name", chars=limits.NAME_CHARS_MAX)
    email = form.text(
        "email", what="an email address", chars=limits.EMAIL_CHARS_MAX, required=False
    )
    role = form.choice("role", rules.ROLES, what="a role", required=False)

    def unit(session: Session) -> str:
        made = service.add_person(
            session,
            name=name,
            email=email,
            roles=[role] if role else [],
            organisation=form.value("organisation") or None,
            now=now(),
            by=by,
        )
        if email:
            send_link_to(session, made, purpose="welcome", next_path="/account/password")
        return made

    if not form.errors:
        try:
            made = run_unit(unit)
        except LedgerError as refusal:
            form.refuse(refusal)
        else:
            flash(f"{name} was added." + (" A link was sent." if email else ""), "success")
            return redirect(address("admin.one", person=made), 303)
    return render_template("people/new.html", form=form, **_choices()), 422


def _choices() -> dict[str, Any]:
    with reading() as session:
        organisations = queries.organisations(session)
    return {
        "roles": [("", "No role yet"), *rules.ROLES.items()],
        "organisations": [("", "None"), *((one.id, one.name) for one in organisations)],
    }


@blueprint.get("/people/<person>")
@guarded("people.read")
def one(person: str) -> str:
    """One person: what is kept, roles, tokens, sessions, and what was done to the account."""
    return _one(person, Form())


def _one(person: str, form: Form) -> str:
    with reading() as session:
        events = audit_queries.events(session, subject=person, rows_max=20)
        return render_template(
            "people/one.html",
            form=form,
            person=queries.person(session, person),
            grants=queries.grants(session, person),
            words=rules.ROLES,
            names={one.id: one.name for one in queries.organisations(session)},
            tokens=queries.tokens(session, person),
            sessions=audit_queries.web_sessions(session, person),
            events=events,
            called=queries.names(session, {event.actor for event in events}),
            done=DONE,
            **_choices(),
        )


@blueprint.post("/people/<person>/roles")
@guarded("role.grant")
@idempotent
def grant(person: str) -> Any:
    """Give the person a role."""
    form, by = Form(request.form), current_actor().person
    role = form.choice("role", rules.ROLES, what="a role")
    where = form.value("organisation") or None
    if not form.errors:
        try:
            run_unit(
                lambda session: service.grant_role(
                    session, person=person, role=role, organisation=where, by=by, now=now()
                )
            )
        except LedgerError as refusal:
            form.refuse(refusal)
        else:
            return _back(person, f"The role was given: {rules.ROLES[role].lower()}.")
    return _one(person, form), 422


@blueprint.post("/people/<person>/roles/<grant>/end")
@guarded("role.end")
@idempotent
def end_role(person: str, grant: str) -> AnyResponse:
    """End a role; it stays on record."""
    by = current_actor().person
    run_unit(
        lambda session: service.end_role(session, grant=grant, person=person, by=by, now=now())
    )
    return _back(person, "The role has ended.")


@blueprint.post("/people/<person>/tokens/<token>/end")
@guarded("people.change")
@idempotent
def end_token(person: str, token: str) -> AnyResponse:
    """End a token of somebody's, for example one that was lost."""
    by = current_actor().person
    run_unit(
        lambda session: service.end_token(session, token=token, person=person, by=by, now=now())
    )
    return _back(person, "The token has ended.")


@blueprint.post("/people/<person>/link")
@guarded("people.change")
@idempotent
def link(person: str) -> AnyResponse:
    """Send the person a link to sign in by."""
    run_unit(
        lambda session: send_link_to(
            session, person, purpose="sign in", next_path="/account/password"
        )
    )
    return _back(person, "A link was sent.")


@blueprint.get("/people/<person>/<act>")
@guarded("people.change")
def ask(person: str, act: str) -> str:
    """The page that asks before an account is closed, opened or erased."""
    return _ask(person, act, Form())


def _ask(person: str, act: str, form: Form) -> str:
    with reading() as session:
        view = queries.person(session, person)
        proposal = erasing.waiting(session, person) if act == "erase" else None
    return render_template(
        "people/ask.html", form=form, person=view, act=act, words=_act(act), proposal=proposal
    )


DONE = {
    "people.add": "Added",
    "people.disable": "Account closed",
    "people.enable": "Account opened again",
    "people.erase": "Details erased",
    "role.grant": "Role given",
    "role.end": "Role ended",
    "token.make": "Token made",
    "token.end": "Token ended",
    "account.password": "Password chosen",
    "account.shown": "Name shown or hidden",
    "contact.prove": "Address confirmed",
    "session.start": "Signed in",
    "session.end": "Signed out",
    "session.refused": "Wrong password",
    "request.refused": "Something was refused",
}
"""What an event about a person is called on the page."""

ACTS = {
    "close": ("Close this account", "It signs in no more and its tokens stop. What it did stays."),
    "open": ("Open this account again", "It can sign in again."),
    "erase": ("Erase this person", "Name, addresses, telephone, birthday and password are erased"
              " for ever, and the key to them is destroyed, so that no copy of the book can be read"
              " in them either. It takes two people: you propose it, somebody of the council"
              " approves it, and you carry it out."),
}  # fmt: skip


def _act(act: str) -> tuple[str, str]:
    if act not in ACTS:
        raise Missing(
            "There is no page at this address.", remedy="Go back to the person's page.", place=act
        )
    return ACTS[act]


@blueprint.post("/people/<person>/<act>")
@guarded("people.change")
@idempotent
def do(person: str, act: str) -> Any:
    """Close, open or erase, with a reason; sessions end at once."""
    form, by, at = Form(request.form), current_actor().person, now()
    _act(act)
    reason = reason_of(form)
    if form.errors:
        return _ask(person, act, form), 422

    if act == "erase":
        check("people.erase")
        asked = run_unit(
            lambda session: erasing.ask(session, person=person, by=by, reason=reason, now=at)
        )
        return _back(person, _erasure_words(asked))

    def unit(session: Session) -> None:
        does = service.disable_person if act == "close" else service.enable_person
        does(session, person=person, by=by, reason=reason, now=at)
        if act == "close":
            audit.end_web_sessions(session, person=person, because="account: close", by=by, now=at)

    run_unit(unit)
    return _back(person, "Done.")


def _erasure_words(asked: erasing.Asked) -> str:
    if asked.done:
        return "Erased. What is known of the person and the key to it are destroyed."
    return (
        f"It waits for a second person: somebody of the council decides about {asked.proposal}."
        " Come back then to erase."
    )


@blueprint.post("/organisations")
@guarded("organisation.add")
@idempotent
def add_organisation() -> Any:
    """Add an organisation."""
    form, by = Form(request.form), current_actor().person
    try:
        run_unit(
            lambda session: service.add_organisation(
                session, name=form.value("name"), kind=form.value("kind"), now=now(), by=by
            )
        )
    except LedgerError as refusal:
        form.refuse(refusal)
        return _desk(form, Form()), 422
    flash(f"{form.value('name')} was added.", "success")
    return redirect(address("admin.desk"), 303)


@blueprint.post("/neighbourhoods")
@guarded("neighbourhood.add")
@idempotent
def add_neighbourhood() -> Any:
    """Add a neighbourhood."""
    form, by = Form(request.form), current_actor().person
    try:
        run_unit(
            lambda session: service.add_neighbourhood(
                session, name=form.value("neighbourhood"), code=form.value("code"), now=now(), by=by
            )
        )
    except LedgerError as refusal:
        form.refuse(refusal, field="neighbourhood" if refusal.place == "name" else "")
        return _desk(Form(), form), 422
    flash(f"{form.value('neighbourhood')} was added.", "success")
    return redirect(address("admin.desk"), 303)


def _back(person: str, words: str) -> AnyResponse:
    flash(words, "success")
    return redirect(address("admin.one", person=person), 303)
