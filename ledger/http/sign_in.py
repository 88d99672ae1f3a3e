"""Signing in and out: guesses counted in the database, a new session id each time."""

from __future__ import annotations

import hashlib
import hmac
from datetime import timedelta

from flask import Response, current_app, request
from sqlalchemy.orm import Session

from ledger.audit import service as audit
from ledger.http import cookies, identities, passwords
from ledger.http.units import run_unit
from ledger.kernel.clock import now
from ledger.kernel.db import transact, transaction
from ledger.kernel.errors import Invalid
from ledger.kernel.ids import new_secret
from ledger.parties import queries as parties
from ledger.parties import rules, service

_WRONG = "The email address and the password do not belong together, or the account is closed."


def check_password(email: str, password: str) -> str:
    """The person whose email address and password these are.

    Every guess is counted before it is tried, for the account and for the address it comes
    from. A browser that has signed in to the account before has guesses of its own, so that
    strangers cannot lock its owner out.

    Raises:
        TooManyGuesses: P3.
        WrongSignIn: they do not belong together, or the account is closed.
    """
    email = email[:300]
    at = now()
    account = _hash("account", email.strip().casefold())
    if hmac.compare_digest(cookies.read(cookies.DEVICE).encode(), _device(email).encode()):
        account = _hash("device", _device(email))
    address = _hash("address", request.remote_addr or "nowhere")
    transact(
        lambda session: service.count_guess(
            session, buckets={account: rules.GUESSES_MAX, address: rules.ADDRESS_GUESSES_MAX},
            now=at,
        )
    )  # fmt: skip
    person, stored = _known(email)
    if not passwords.matches(password, stored) or person is None:
        transact(
            lambda session: audit.record(
                session, at=at, actor=person or "visitor", action="session.refused",
                subject=person or "visitor",
            )
        )  # fmt: skip
        raise rules.WrongSignIn(_WRONG, remedy="Check both and try again.", place="password")
    if stored is not None and passwords.is_old(stored):
        set_password(person, password)
    transact(lambda session: service.forget_guesses(session, bucket=account))
    return person


def check_guess(person: str, password: str, stored: str | None) -> None:
    """Whether somebody who is signed in knows their password; guesses are counted here too.

    Raises:
        TooManyGuesses: P3.
        WrongSignIn: it is another password.
    """
    bucket = _hash("again", person)
    transact(
        lambda session: service.count_guess(session, buckets={bucket: rules.GUESSES_MAX}, now=now())
    )
    if not passwords.matches(password, stored):
        raise rules.WrongSignIn(
            "That is not your present password.", remedy="Check it and try again.", place="old"
        )


def count_address(*, per_account: str) -> None:
    """Count a request for a link, for the account and for the address it comes from.

    Raises:
        TooManyGuesses: there were too many; nothing is sent.
    """
    buckets = {
        _hash("link", per_account.strip().casefold()): rules.GUESSES_MAX,
        _hash("address", request.remote_addr or "nowhere"): rules.ADDRESS_GUESSES_MAX,
    }
    run_unit(lambda session: service.count_guess(session, buckets=buckets, now=now()))


def _known(email: str) -> tuple[str | None, str | None]:
    try:
        rules.contact_key(email)
    except Invalid:
        return None, None
    with transaction(read_only=True) as session:
        person = parties.person_by_email(session, email)
        if person is None or parties.actor(session, person) is None:
            return None, None
        return person, parties.password_hash(session, person)


def set_password(person: str, password: str) -> None:
    """Keep a new hash of a password that was checked already."""
    stored = passwords.hashed(password)
    transact(
        lambda session: service.set_password(
            session, person=person, password_hash=stored, by=person, now=now()
        )
    )


def enter(response: Response, person: str, *, email: str = "", how: str = "password") -> Response:
    """Begin a session for a person and give the browser its cookie; any other session it had ends.

    The session has a new secret, so that nothing known before signing in is worth anything.
    """
    old = identities.identity().session
    secret, at = new_secret(), now()

    def unit(session: Session) -> None:
        if old is not None:
            owner = identities.current_actor().person
            audit.end_web_sessions(
                session, person=owner, only=old, because="signed in again", by=owner, now=at
            )
        browser = request.headers.get("User-Agent", "")
        audit.start_web_session(
            session, person=person, secret=secret, browser=browser, how=how, now=at
        )

    transact(unit)
    cookies.write(response, cookies.SESSION, secret)
    cookies.drop(response, cookies.VISIT)
    if email:
        cookies.write(response, cookies.DEVICE, _device(email), lasts=timedelta(days=180))
    identities.forget()
    return response


def leave(response: Response) -> Response:
    """End this browser's session at once, in the database as in the browser."""
    who = identities.identity()
    if who.session is not None:
        transact(
            lambda session: audit.end_web_sessions(
                session, person=who.actor.person, only=who.session, because="signed out",
                by=who.actor.person, now=now(),
            )
        )  # fmt: skip
    cookies.drop(response, cookies.SESSION)
    response.headers["Clear-Site-Data"] = '"cache"'
    identities.forget()
    return response


def _hash(kind: str, text: str) -> str:
    return hashlib.sha256(f"{kind}\x1f{text}".encode()).hexdigest()


def _device(email: str) -> str:
    key = str(current_app.config["SECRET_KEY"]).encode()
    name = email.strip().casefold()
    return hmac.new(key, b"device\x1f" + name.encode(), hashlib.sha256).hexdigest()
