"""Signing in, names, links and tokens (P3 to P9)."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Final

from ledger.kernel import limits
from ledger.kernel.errors import Invalid
from ledger.parties.rules.refusals import WeakPassword

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
    if len(set(bare)) < 5 or len(rest.strip("0123456789")) < 6:
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
