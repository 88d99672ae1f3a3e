"""Refusals that only the edge can make: about keys, forms, bodies and methods."""

from __future__ import annotations

from ledger.kernel.errors import Conflict, Forbidden, Kind, LedgerError


class Malformed(LedgerError):
    """The request cannot be read."""

    code = "http.malformed"
    kind = Kind.MALFORMED
    title = "The request cannot be read"


class KeyMissing(LedgerError):
    """A request that changes something carries no key, or one that cannot be used."""

    code = "http.key_missing"
    kind = Kind.MALFORMED
    title = "The request needs an Idempotency-Key"


class KeyReused(LedgerError):
    """The key was used for another request."""

    code = "http.key_reused"
    title = "This key was used for another request"


class StillRunning(Conflict):
    """The request with this key is being carried out right now."""

    code = "http.still_running"
    title = "The first request is still running"


class AnswerDropped(LedgerError):
    """The request was carried out long ago; its answer is no longer kept."""

    code = "http.answer_dropped"
    kind = Kind.GONE
    title = "This was done long ago"


class FormNotOurs(Forbidden):
    """The form does not come from a page that this browser was given."""

    code = "http.form_not_ours"
    title = "This form has expired or is not ours"


class Unguarded(LedgerError):
    """A route without a guard: the service refuses to serve it."""

    code = "http.unguarded"
    kind = Kind.FORBIDDEN
    title = "You cannot do that"


class BadCursor(LedgerError):
    """The place to go on from in a list cannot be read."""

    code = "http.bad_cursor"
    kind = Kind.MALFORMED
    title = "The list cannot go on from there"


class StaleView(Conflict):
    """If-Match names another version than the one that is stored."""

    code = "http.stale_view"
    title = "It changed since you looked"
