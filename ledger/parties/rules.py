"""Who may do what: the roles, the one table of actions, and the rules of sign-in (P1 to P9).

P1  Every action is a row of `ACTIONS`; what is not there nobody may do.
P2  Roles that must stay apart are never held by one person.
P3  An account takes at most ten guesses of its password in any five minutes.
P4  A password has 15 to 128 characters and is not one that everybody tries first.
P5  A session ends when idle too long, when too old, and when the password changes.
P6  A bearer token has scopes and an end, and does no more than its owner may do now.
P7  A name is shown to the public only when its owner chose so.
P8  A limit is changed by two people, from a day on, and the old row stays.
P9  A proof of contact is a link that works once, for two days.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from ledger.kernel import limits
from ledger.kernel.errors import Conflict, Forbidden, Invalid, Kind, LedgerError

ROLES: Final = {
    "resident": "Resident",
    "organiser": "Group organiser",
    "treasurer": "Group treasurer",
    "broker": "Asset broker",
    "analyst": "Partner agency analyst",
    "officer": "Council officer",
    "head": "Head of service",
    "s151": "Section 151 officer",
    "innovation_broker": "Innovation broker",
    "auditor": "Auditor",
    "administrator": "Administrator",
}
"""Every role, with the words that people see."""

ANYONE: Final = "anyone"
SIGNED_IN: Final = "signed_in"
SYSTEM: Final = "system"

_ALL: Final = frozenset({ANYONE})
_IN: Final = frozenset({SIGNED_IN})
_GROUP: Final = frozenset({"organiser", "treasurer"})
_COUNCIL: Final = frozenset({"officer", "head", "s151"})
_STAFF: Final = _COUNCIL | {"broker", "analyst", "innovation_broker", "administrator"}


def _who(*roles: str) -> frozenset[str]:
    return frozenset(roles)


ACTIONS: Final[dict[str, frozenset[str]]] = {
    # Everybody.
    "public.read": _ALL,
    "session.start": _ALL,
    "session.end": _IN,
    "contact.prove": _ALL,
    "account.read": _IN,
    "account.change": _IN,
    "desk.read": _IN,
    "message.read": _IN,
    # People, roles, tokens, limits.
    "people.read": _who("administrator", "auditor"),
    "people.add": _who("administrator"),
    "people.change": _who("administrator"),
    "people.erase": _who("administrator"),
    "role.grant": _who("administrator"),
    "role.end": _who("administrator"),
    "organisation.read": _IN,
    "organisation.add": _who("administrator"),
    "neighbourhood.add": _who("administrator"),
    "limit.set": _who("s151"),
    "token.read": _IN,
    "token.make": _IN,
    "token.end": _IN,
    # Two-person decisions; an action named "<kind>.<stage>" overrides the general one.
    "approval.read": _COUNCIL | _GROUP | {"broker", "auditor", "analyst"},
    "approval.propose": _COUNCIL | {SYSTEM, "broker", "organiser", "treasurer"},
    "approval.verify": _COUNCIL,
    "approval.approve": _COUNCIL,
    "approval.void": _COUNCIL | {SYSTEM},
    # Pledges and funds.
    "pledge.read": _ALL,
    "pledge.open": _who("organiser"),
    "pledge.change": _who("organiser"),
    "pledge.moderate": _COUNCIL,
    "pledge.join": _ALL,
    "pledge.withdraw": _IN,
    "pledge.close": _who("organiser", SYSTEM),
    "pledge.collect": _COUNCIL | {"treasurer", SYSTEM},
    "pledge.log_hours": _IN,
    "pledge.confirm_hours": _who("organiser"),
    "pledge.draw": _who("treasurer"),
    "pledge.refund": _COUNCIL | {SYSTEM},
    "pledge.release": _COUNCIL | {SYSTEM},
    "fund.read": _IN,
    "fund.open": _who("head", "s151"),
    "fund.receive": _COUNCIL,
    "offer.make": _COUNCIL,
    "offer.end": _COUNCIL,
    # Assets and bookings.
    "asset.read": _ALL,
    "asset.import": _who("broker", "administrator"),
    "asset.change": _who("broker"),
    "asset.list": _who("broker"),
    "booking.read": _IN,
    "booking.request": _GROUP | {"resident"},
    "booking.decide": _who("broker"),
    "booking.cancel": _GROUP | {"resident", "broker"},
    "booking.confirm_use": _GROUP | {"broker", "resident"},
    "benefit_test.run": _who("broker"),
    # Outcomes and dividends.
    "measure.read": _ALL,
    "measure.define": _who("analyst"),
    "reading.import": _who("analyst"),
    "reading.final": _who("analyst"),
    "agreement.read": _ALL,
    "agreement.draft": _who("officer"),
    "agreement.sign": _COUNCIL | {"analyst", "organiser"},
    "agreement.commit": _who("analyst", "head", "s151"),
    "determination.read": _ALL,
    "determination.propose": _who(SYSTEM),
    "determination.verify": _COUNCIL,
    "determination.approve": _COUNCIL,
    "dividend.release": _who(SYSTEM, "s151"),
    # Ideas.
    "idea.read": _who("innovation_broker", "officer", "auditor"),
    "idea.note": _who("innovation_broker"),
    # Books, exports, jobs.
    "books.read": _who("auditor", "s151", "head", "officer"),
    "books.statement": _IN,
    "journal.adjust": _who("s151", "head"),
    "period.close": _who("s151", "head"),
    "checkpoint.read": _ALL,
    "checkpoint.make": _who("auditor", "s151", SYSTEM),
    "export.make": _who("auditor", "s151"),
    "audit.read": _who("auditor", "s151", "administrator"),
    "audit.ask": _who("auditor"),
    "job.read": _who("administrator", "auditor", "s151"),
    "job.run": _who("administrator"),
    "settings.read": _who("administrator"),
}
"""P1: every action and the roles that may do it. Tests try every route as every role."""

APART: Final = (
    ("auditor", frozenset(ROLES) - {"auditor", "resident"}),
    ("administrator", _COUNCIL | _GROUP | {"broker", "analyst"}),
    ("analyst", _COUNCIL),
)
"""P2: a role, and the roles that may not be held beside it."""

GUESSES_MAX: Final = 10
GUESS_WINDOW: Final = timedelta(minutes=5)
ADDRESS_GUESSES_MAX: Final = 100
CONTACT_PROOF_LIVES: Final = timedelta(days=2)
TOKEN_DAYS_MAX: Final = 366
SCOPES: Final = ("read", "write")
ORGANISATION_KINDS: Final = ("council", "agency", "group", "provider")
A_NEIGHBOUR: Final = "a neighbour"
ERASED: Final = "a person whose details were erased"

_COMMON: Final = frozenset(
    [
        "password",
        "passw0rd",
        "letmein",
        "welcome",
        "qwerty",
        "qwertyuiop",
        "iloveyou",
        "administrator",
        "changeme",
        "abc123",
        "123456789",
        "1234567890",
        "111111",
        "000000",
        "football",
        "monkey",
        "dragon",
        "sunshine",
        "princess",
        "community",
        "ledger",
        "communityledger",
        "council",
    ]
)


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


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody who acts: a person by pseudonym with the roles held now, or a job."""

    person: str
    roles: frozenset[str]
    organisation: str | None
    name: str = ""

    @property
    def signed_in(self) -> bool:
        """Whether this is a known person or a job, rather than a visitor."""
        return self.person != VISITOR_ID


VISITOR_ID: Final = "visitor"
VISITOR: Final = Actor(VISITOR_ID, frozenset(), None)


def system(job: str) -> Actor:
    """The actor that a job is: it may do only what names the system role."""
    return Actor(f"job:{job}", frozenset({SYSTEM}), None)


def may(actor: Actor, action: str) -> bool:
    """P1: whether this actor may do this; an action without a row nobody may do."""
    held = actor.roles | {ANYONE} | ({SIGNED_IN} if actor.signed_in else set())
    return bool(ACTIONS.get(action, frozenset()) & held)


def require(actor: Actor, action: str) -> None:
    """P1: refuse unless this actor may do this.

    Raises:
        NotSignedIn: a visitor; signing in may help.
        Forbidden: somebody whose roles do not allow it.
    """
    if may(actor, action):
        return
    if not actor.signed_in:
        raise NotSignedIn(
            "This is only for people who are signed in.", remedy="Sign in and try again."
        )
    allowed = sorted(ROLES[role].lower() for role in ACTIONS.get(action, ()) if role in ROLES)
    who = ", ".join(allowed) or "nobody"
    raise Forbidden(
        f"Your roles do not allow “{action}”. It is for: {who}.",
        remedy="Ask somebody with that role, or ask the administrator for the role.",
        place=action,
    )


def check_roles_apart(held: Collection[str], role: str) -> None:
    """P2: refuse a role beside one that must be held by somebody else.

    Raises:
        RolesApart: naming the two roles.
    """
    for one, others in APART:
        for held_role in held:
            if (role == one and held_role in others) or (held_role == one and role in others):
                raise RolesApart(
                    f"{ROLES[role]} and {ROLES[held_role]} cannot be the same person.",
                    remedy="Give the role to another person, or end the other role first.",
                    place="role",
                )


def guesses_left(past: Iterable[datetime], now: datetime, most: int = GUESSES_MAX) -> int:
    """P3: how many guesses may still be tried in the five minutes that end now."""
    recent = sum(1 for at in past if now - at < GUESS_WINDOW)
    return max(0, most - recent)


def check_password(password: str, *, words: Iterable[str] = ()) -> None:
    """P4: refuse a password that is short, long, well known or made of the person's own words.

    Raises:
        WeakPassword: saying which.
    """
    size = len(password)
    if not limits.PASSWORD_CHARS_MIN <= size <= limits.PASSWORD_CHARS_MAX:
        raise WeakPassword(
            f"The password has {size} characters.",
            remedy=f"Use {limits.PASSWORD_CHARS_MIN} to {limits.PASSWORD_CHARS_MAX} characters;"
            " three or four unrelated words are easy to remember.",
            place="password",
        )
    folded = unicodedata.normalize("NFKC", password).casefold()
    bare = "".join(letter for letter in folded if letter.isalnum())
    known = [word.casefold() for word in words if len(word) >= 4]
    rest = bare
    for word in sorted([*_COMMON, *known], key=len, reverse=True):
        rest = rest.replace("".join(letter for letter in word if letter.isalnum()), "")
    if len(set(bare)) < 5 or len(rest) < 6:
        raise WeakPassword(
            "The password is made of words or characters that are tried first.",
            remedy="Use three or four unrelated words.",
            place="password",
        )


def contact_key(email: str) -> str:
    """The form of an email address by which one person is found once.

    Raises:
        Invalid: it cannot be an email address.
    """
    key = unicodedata.normalize("NFC", email).strip().casefold()
    name, at, domain = key.rpartition("@")
    plain = key.isprintable() and not any(letter.isspace() for letter in key)
    if not (name and at and plain and "." in domain and len(key) <= limits.EMAIL_CHARS_MAX):
        raise Invalid(
            "That is not an email address we can write to.",
            remedy="Enter an email address like name@example.org.",
            place="email",
        )
    return key


def session_lives(
    started_at: datetime, seen_at: datetime, now: datetime, *, idle: timedelta, absolute: timedelta
) -> bool:
    """P5: whether a session is neither idle too long nor too old."""
    return now - seen_at < idle and now - started_at < absolute


def financial_year(day: date) -> int:
    """The financial year, named by the year in which it begins on 1 April."""
    return day.year if (day.month, day.day) >= (4, 1) else day.year - 1


def shown_name(name: str, *, show: bool) -> str:
    """P7: the name that the public sees."""
    return name if show and name else A_NEIGHBOUR


def clean_scopes(scopes: Iterable[str]) -> tuple[str, ...]:
    """P6: the scopes of a token in their own order.

    Raises:
        Invalid: none, or one that does not exist.
    """
    asked = set(scopes)
    if not asked or asked - set(SCOPES):
        raise Invalid(
            f"A token needs one or more of these scopes: {', '.join(SCOPES)}.",
            remedy="Choose “read” for looking, and “write” too for changing things.",
            place="scopes",
        )
    return tuple(scope for scope in SCOPES if scope in asked)
