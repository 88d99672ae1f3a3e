"""Refusals about people: sign-in, passwords, links, roles and tokens."""

from __future__ import annotations

from ledger.kernel.errors import Conflict, Forbidden, Kind, LedgerError


class NotSignedIn(LedgerError):
    """Only somebody who is signed in may do this."""

    code = "parties.not_signed_in"
    kind = Kind.UNAUTHENTICATED
    title = "Sign in first"


class WrongSignIn(LedgerError):
    """The email address and password do not belong together."""

    code = "parties.wrong_sign_in"
    kind = Kind.UNAUTHENTICATED
    title = "The email address or password is not right"


class TooManyGuesses(LedgerError):
    """P3: too many guesses at a password; wait."""

    code = "parties.too_many_guesses"
    kind = Kind.TOO_MANY
    title = "Too many attempts to sign in"


class WeakPassword(LedgerError):
    """P4: the password is too short, too long or too well known."""

    code = "parties.weak_password"
    title = "Choose a different password"


class RolesApart(Forbidden):
    """P2: one person may not hold these two roles."""

    code = "parties.roles_apart"
    title = "These roles must be held by different people"


class LinkUsed(LedgerError):
    """P9: the link has been used, has ended, or never was."""

    code = "parties.link_used"
    kind = Kind.GONE
    title = "This link no longer works"


class ContactTaken(Conflict):
    """The email address belongs to somebody already."""

    code = "parties.contact_taken"
    title = "This email address is already in use"


class Unscoped(Forbidden):
    """P6: the token was not made for this."""

    code = "parties.unscoped"
    title = "This token may not do that"
