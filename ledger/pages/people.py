"""Signing in and out, proving an address, and a person's own account."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, flash, make_response, redirect, render_template, request
from flask import url_for as address
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from ledger.audit import queries as audit_queries
from ledger.audit import service as audit
from ledger.http import current_actor, guarded, idempotent, identity, reading, run_unit
from ledger.http import sign_in as entrance
from ledger.http.cookies import settings
from ledger.kernel import limits
from ledger.kernel.clock import now
from ledger.kernel.errors import LedgerError
from ledger.kernel.ids import new_id
from ledger.messages import queries as messages
from ledger.messages import rules as message_rules
from ledger.messages import service as outbox
from ledger.pages.forms import Form
from ledger.pages.words import london_time
from ledger.parties import queries, rules, service

blueprint = Blueprint("people", __name__)

SIGN_IN = "sign in"


@blueprint.get("/sign-in")
@guarded("session.start")
def sign_in() -> str | AnyResponse:
    """The form to sign in; somebody who is signed in goes on."""
    if current_actor().signed_in:
        return redirect(_onwards(), 303)
    return render_template("people/sign_in.html", form=Form(), onwards=_onwards())


@blueprint.post("/sign-in")
@guarded("session.start")
def enter() -> Any:
    """Check the guess and begin a session."""
    form = Form(request.form)
    email = form.text("email", what="your email address", chars=limits.EMAIL_CHARS_MAX)
    password = request.form.get("password", "")[:1000]
    if not password:
        form.wrong("password", "Enter your password")
    if not form.errors:
        try:
            person = entrance.check_password(email, password)
        except LedgerError as refusal:
            form.refuse(refusal)
            status = 429 if refusal.kind == rules.TooManyGuesses.kind else 422
            return _sign_in_again(form), status
        return entrance.enter(make_response(redirect(_onwards(), 303)), person, email=email)
    return _sign_in_again(form), 422


def _sign_in_again(form: Form) -> str:
    return render_template("people/sign_in.html", form=form, onwards=_onwards())


def _onwards() -> str:
    path = request.values.get("next", "")
    plain = path.isprintable() and "\\" not in path and len(path) <= 500
    ours = path.startswith("/") and not path.startswith("//")
    return path if ours and plain else "/desk"


@blueprint.post("/sign-out")
@guarded("public.read")
def sign_out() -> Response:
    """End the session; for somebody who is signed out already, nothing happens."""
    return entrance.leave(make_response(redirect("/", 303)))


@blueprint.get("/sign-in/link")
@guarded("session.start")
def ask_link() -> str:
    """The form to ask for a link when there is no password, or it is forgotten."""
    return render_template("people/ask_link.html", form=Form())


@blueprint.post("/sign-in/link")
@guarded("session.start")
@idempotent
def send_link() -> Any:
    """Send a link to the address, if somebody is known by it; the answer is always the same."""
    form = Form(request.form)
    email = form.text("email", what="your email address", chars=limits.EMAIL_CHARS_MAX)
    if not form.errors:
        try:
            rules.contact_key(email)
        except LedgerError as refusal:
            form.refuse(refusal)
    if form.errors:
        return render_template("people/ask_link.html", form=form), 422
    entrance.count_address(per_account=email)
    run_unit(lambda session: _send(session, email))
    return render_template("people/link_sent.html")


def _send(session: Session, email: str) -> None:
    person = queries.person_by_email(session, email)
    if person is None or queries.actor(session, person) is None:
        return
    send_link_to(session, person, purpose=SIGN_IN, next_path="/account/password")


def send_link_to(session: Session, person: str, *, purpose: str, next_path: str) -> None:
    """Send a person a link that proves contact, signs them in and goes on to ``next_path``."""
    at = now()
    secret = service.start_contact_proof(
        session, person=person, purpose=purpose, next_path=next_path, now=at
    )
    facts = {
        "secret_link": f"{settings().base_url}/prove/{secret}",
        "until": london_time(at + rules.CONTACT_PROOF_LIVES),
    }
    outbox.enqueue(
        session, key=new_id("LNK"), recipient=person, template="contact.prove", facts=facts, now=at
    )


@blueprint.get("/prove/<secret>")
@guarded("contact.prove")
def prove(secret: str) -> str:
    """The page behind a link: opening it proves nothing yet (mail scanners open links too)."""
    return render_template("people/prove.html", secret=secret)


@blueprint.post("/prove/<secret>")
@guarded("contact.prove")
def proved(secret: str) -> Response:
    """The person says that it is they: the link is used up, and they are signed in."""
    person, _, next_path = run_unit(
        lambda session: service.prove_contact(session, secret=secret, now=now())
    )
    flash("Thank you. We know now that we can reach you there.", "success")
    return entrance.enter(make_response(redirect(next_path, 303)), person, how="link")


@blueprint.get("/account")
@guarded("account.read")
def account() -> str:
    """What is kept about you, where you are signed in, and what you were sent."""
    me = current_actor().person
    with reading() as session:
        grants = [one for one in queries.grants(session, me) if one.ended_at is None]
        where = {one.id: one.name for one in queries.organisations(session)}
        return render_template(
            "people/account.html",
            me=queries.person(session, me),
            roles=[(rules.ROLES[one.role], where.get(one.organisation or "")) for one in grants],
            sessions=audit_queries.web_sessions(session, me),
            this=identity().session,
            tokens=queries.tokens(session, me),
        )


@blueprint.post("/account/name")
@guarded("account.change")
@idempotent
def choose_name() -> AnyResponse:
    """Choose whether the public sees your name."""
    me, show = current_actor().person, request.form.get("show_name") == "yes"
    run_unit(
        lambda session: service.choose_shown(session, person=me, show_name=show, by=me, now=now())
    )
    flash("Your name is shown." if show else "Your name is hidden.", "success")
    return redirect(address("people.account"), 303)


@blueprint.get("/account/password")
@guarded("account.change")
def password() -> str:
    """The form to choose a password."""
    return render_template("people/password.html", form=Form(), ask_old=_asks_old())


@blueprint.post("/account/password")
@guarded("account.change")
def change_password() -> Any:
    """Keep the new password and end every session, then begin a new one here."""
    actor, form = current_actor(), Form()
    with reading() as session:
        me = queries.person(session, actor.person)
        stored = queries.password_hash(session, actor.person)
    try:
        if _asks_old():
            entrance.check_guess(actor.person, request.form.get("old", "")[:1000], stored)
        new = request.form.get("password", "")[:1000]
        rules.check_password(new, words=[*me.name.split(), *me.email.split("@")])
    except LedgerError as refusal:
        form.refuse(refusal)
        page = render_template("people/password.html", form=form, ask_old=_asks_old())
        return page, 422
    entrance.set_password(actor.person, new)
    run_unit(lambda session: _signed_out_everywhere(session, actor.person))
    flash("Your password was changed, and every other browser was signed out.", "success")
    return entrance.enter(
        make_response(redirect(address("people.account"), 303)), actor.person, email=me.email
    )


def _asks_old() -> bool:
    """Whether the old password is asked for: not when there is none, nor after a link."""
    who = identity()
    with reading() as session:
        if queries.password_hash(session, who.actor.person) is None:
            return False
        here = audit_queries.web_sessions(session, who.actor.person)
    return not any(one.id == who.session and one.how == "link" for one in here)


def _signed_out_everywhere(session: Session, person: str) -> None:
    at = now()
    audit.end_web_sessions(session, person=person, because="password changed", by=person, now=at)
    outbox.enqueue(
        session,
        key=new_id("PWC"),
        recipient=person,
        template="account.password_changed",
        facts={"when": london_time(at)},
        now=at,
    )


@blueprint.post("/account/sessions/end")
@guarded("session.end")
@idempotent
def end_sessions() -> AnyResponse:
    """End one other session, or all of them but this one."""
    who = identity()
    run_unit(
        lambda session: audit.end_web_sessions(
            session,
            person=who.actor.person,
            because="ended by its owner",
            by=who.actor.person,
            now=now(),
            only=request.form.get("session") or None,
            keep=who.session,
        )
    )
    flash("Signed out there.", "success")
    return redirect(address("people.account"), 303)


@blueprint.get("/account/messages")
@guarded("message.read")
def sent() -> str:
    """Every message that was written to you, as it reads."""
    actor = current_actor()
    with reading() as session:
        rows = messages.for_person(session, actor.person)
    first, base = actor.name.split(" ")[0], settings().base_url
    texts = [
        (row, message_rules.words(row.template, row.facts, name=first, base_url=base))
        for row in rows
    ]
    return render_template("people/messages.html", texts=texts)


@blueprint.get("/account/tokens/new")
@guarded("token.make")
def new_token() -> str:
    """The form to make a token for the API."""
    return render_template("people/new_token.html", form=Form({"days": "90", "scopes": "read"}))


@blueprint.post("/account/tokens/new")
@guarded("token.make")
def make_token() -> Any:
    """Make the token and show its secret, this once."""
    form, me = Form(request.form), current_actor().person
    name = form.text("name", what="what the token is for", chars=limits.NAME_CHARS_MAX)
    days = form.whole("days", what="how many days it works")
    scopes = form.chosen("scopes")
    if not form.errors:
        try:
            made, secret = run_unit(
                lambda session: service.make_token(
                    session, person=me, name=name, scopes=scopes, days=days, by=me, now=now()
                )
            )
        except LedgerError as refusal:
            form.refuse(refusal)
        else:
            return render_template("people/made_token.html", token=made, secret=secret)
    return render_template("people/new_token.html", form=form), 422


@blueprint.post("/account/tokens/<token>/end")
@guarded("token.end")
@idempotent
def end_token(token: str) -> AnyResponse:
    """End one of your tokens at once."""
    me = current_actor().person
    run_unit(lambda session: service.end_token(session, token=token, person=me, by=me, now=now()))
    flash("The token has ended.", "success")
    return redirect(address("people.account"), 303)
