"""One effect for each key: key, effect, audit event and answer in one transaction.

The same key and body give the first answer again; another body is refused (422), a request
that is still running too (409), and a refusal keeps nothing, so that trying again is safe.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, ParamSpec

from flask import Response, make_response, request
from sqlalchemy import exc, text
from sqlalchemy.orm import Session

from ledger.audit import queries as audit_queries
from ledger.audit import service as audit
from ledger.http import csrf, health, strict_json
from ledger.http.identities import current_actor, is_api
from ledger.http.once import recall, remember
from ledger.http.permissions import check
from ledger.http.refusals import AnswerDropped, FormNotOurs, KeyMissing, KeyReused, StillRunning
from ledger.http.units import surround
from ledger.kernel import limits, sealing
from ledger.kernel.clock import now
from ledger.kernel.db import is_sqlite, transaction
from ledger.kernel.errors import Busy

P = ParamSpec("P")
_running: set[tuple[str, str, str]] = set()
_running_lock = threading.Lock()


class _KeepNothing(Exception):
    """Carries a refusal out of the unit, so that nothing of it is committed."""

    def __init__(self, response: Response) -> None:
        self.response = response


def idempotent(view: Callable[P, Any]) -> Callable[P, Response]:
    """Carry a request out once for its key, in one transaction with the answer.

    On the API the key is the header ``Idempotency-Key``; on pages it is the hidden field that
    ``csrf_field()`` writes. Inside the view, `run_unit` and `reading` use this transaction.
    """

    @wraps(view)
    def once(*args: P.args, **kwargs: P.kwargs) -> Response:
        action = getattr(view, "ledger_action", None)
        if action is not None:  # a replay, too, is only for those who may
            check(action)
        name = (_caller(), f"{request.method} {request.url_rule}", _key())
        print_ = _fingerprint()

        def unit(session: Session) -> Response:
            kept = _claim(session, name)
            if kept is not None:
                return _again(kept, print_)
            response = make_response(view(*args, **kwargs))
            if response.status_code >= 400:
                raise _KeepNothing(response)
            _keep(session, name, print_, response)
            return response

        health.check_guards()
        with _only_one(name):
            try:
                return _first(view, name, print_) or surround(unit)
            except _KeepNothing as refused:
                return refused.response

    once.ledger_idempotent = True  # type: ignore[attr-defined]
    return once


def reads_first(read: Callable[[], Any]) -> Callable[[Callable[P, Any]], Callable[P, Any]]:
    """Do what takes long, such as reading a file, before the transaction is opened.

    Put it right above the view, below ``@idempotent``. ``read`` takes what it needs from the
    request and returns what `was_read` gives the view, or raises a refusal; it is not called
    for a request that was carried out before.
    """

    def decorate(view: Callable[P, Any]) -> Callable[P, Any]:
        view.ledger_first = read  # type: ignore[attr-defined]
        return view

    return decorate


def was_read() -> Any:
    """What the view's ``@reads_first`` made of this request."""
    return recall("first")


def _first(view: Any, name: tuple[str, str, str], fingerprint: str) -> Response | None:
    """Do what the view's ``@reads_first`` says, unless the answer is kept already: then that."""
    read = getattr(view, "ledger_first", None)
    if read is None:
        return None
    with transaction(read_only=True) as session:
        kept = audit_queries.answer(session, caller=name[0], route=name[1], key=name[2])
    if kept is not None:
        return _again(kept, fingerprint)
    remember("first", read())
    return None


def withhold(*names: str) -> None:
    """Keep these fields out of the answer that is stored: they are secrets, shown once."""
    remember("withheld", names)


def _kept_body(response: Response) -> bytes:
    body = response.get_data()
    names = recall("withheld")
    if not names:
        return body
    return strict_json.canonical({**strict_json.loads(body), **dict.fromkeys(names)})


def _caller() -> str:
    actor = current_actor()
    return actor.person if actor.signed_in else csrf.visitor()


def _key() -> str:
    key = request.headers.get("Idempotency-Key", "") if is_api() else _form_key()
    fits = limits.KEY_CHARS_MIN <= len(key) <= limits.KEY_CHARS_MAX
    if fits and key.isascii() and key.isprintable():
        return key
    if is_api():
        raise KeyMissing(
            "Whatever changes something needs a key, so that sending it twice does nothing twice."
            if not key
            else "The key cannot be used.",
            remedy=f"Send {limits.KEY_CHARS_MIN} to {limits.KEY_CHARS_MAX} printable characters"
            " that you use for this one request only, in the header Idempotency-Key.",
            place="Idempotency-Key",
        )
    raise FormNotOurs(
        "The form did not arrive whole.",
        remedy="Go back, open the page again, and send it once more. Nothing was changed.",
        place="form",
    )


def _form_key() -> str:
    return request.form.get(csrf.KEY_FIELD, "")


def _fingerprint() -> str:
    digest = hashlib.sha256(f"{request.method}\n{request.full_path}\n".encode())
    if is_api() and request.mimetype != "multipart/form-data":
        digest.update(_api_body())
        return digest.hexdigest()
    # By its parts: a program that sends a file again chooses another boundary between them.
    for field, value in sorted(request.form.items(multi=True)):
        if field not in (csrf.FIELD, csrf.KEY_FIELD):
            digest.update(f"{len(field)}:{field}{len(value)}:{value}".encode())
    for field, upload in sorted(request.files.items(multi=True), key=lambda item: item[0]):
        digest.update(f"{field}:{upload.filename}".encode())
        digest.update(hashlib.file_digest(upload.stream, "sha256").digest())  # type: ignore[arg-type]
        upload.stream.seek(0)
    return digest.hexdigest()


def _api_body() -> bytes:
    body = request.get_data(cache=True)
    if request.is_json and body:
        return strict_json.canonical(strict_json.loads(body))
    return body


@contextmanager
def _only_one(name: tuple[str, str, str]) -> Iterator[None]:
    if not is_api():  # a second click waits and is shown what the first one did
        yield
        return
    with _running_lock:
        if name in _running:
            raise _still_running()
        _running.add(name)
    try:
        yield
    finally:
        with _running_lock:
            _running.discard(name)


def _claim(session: Session, name: tuple[str, str, str]) -> audit_queries.AnswerView | None:
    """One at a time for each key, and the answer that was kept under it. A program is told at
    once that the first still runs; a person's second click waits for it. On SQLite a writer has
    the whole database already.
    """
    caller, route, key = name
    if is_sqlite(session):
        return audit_queries.answer(session, caller=caller, route=route, key=key)
    digest = hashlib.sha256("\x1f".join(name).encode()).digest()
    number = int.from_bytes(digest[:8], "big", signed=True)
    if not is_api():
        session.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": number})
        return audit_queries.answer(session, caller=caller, route=route, key=key)
    free, kept = audit_queries.claim_answer(
        session, caller=caller, route=route, key=key, lock=number
    )
    if not free:
        raise _still_running()
    return kept


def _still_running() -> StillRunning:
    return StillRunning(
        "The first request with this key has not ended yet.",
        remedy="Ask again with the same key in a second: you will get its answer.",
        place="Idempotency-Key",
    )


def _again(kept: audit_queries.AnswerView, fingerprint: str) -> Response:
    if kept.fingerprint != fingerprint:
        raise KeyReused(
            "The key was used before, with something else in the request.",
            remedy="Use a new key for a new request.",
            place="Idempotency-Key",
        )
    body = None if kept.body is None else sealing.unseal(kept.body)
    if body is None:
        raise AnswerDropped(
            f"The request was carried out; its answer was at {kept.location or 'its own address'}.",
            remedy="Look there; do not send it again.",
            place=kept.location,
        )
    response = Response(body, status=kept.status, content_type=kept.content_type)
    if kept.location:
        response.headers["Location"] = kept.location
    response.headers["Idempotency-Replayed"] = "true"
    return response


def _keep(
    session: Session, name: tuple[str, str, str], fingerprint: str, response: Response
) -> None:
    session.flush()
    at = now()
    try:
        audit.keep_answer(
            session,
            caller=name[0],
            route=name[1],
            key=name[2],
            fingerprint=fingerprint,
            status=response.status_code,
            location=response.headers.get("Location", ""),
            content_type=response.content_type or "application/octet-stream",
            body=sealing.seal(_kept_body(response), now=at),
            now=at,
        )
    except exc.IntegrityError as error:
        # Somebody kept one between our look and our lock: begin again, and find it.
        raise Busy(
            "The same request was answered a moment ago.",
            remedy="Ask again with the same key in a second: you will get its answer.",
            place=name[2],
        ) from error
