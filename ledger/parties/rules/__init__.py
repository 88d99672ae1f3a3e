"""Who may do what: the roles, the one table of actions, and the rules of sign-in (P1 to P12).

P1  Every action is a row of `ACTIONS`; what is not there nobody may do.
P2  Roles that must stay apart are never held by one person.
P3  An account takes at most ten guesses of its password in any five minutes.
P4  A password has 15 to 128 characters and is not one that everybody tries first.
P5  A session ends when idle too long, when too old, and when the password changes.
P6  A bearer token has scopes and an end, and does no more than its owner may do now.
P7  A name is shown to the public only when its owner chose so.
P8  A limit is changed by two people, from a day on, and the old row stays.
P9  A proof of contact is a link that works once, for two days.
P10 What is known of a person is sealed under a key of their own, which is not in the book.
P11 An email address is found by its mark.
P12 Erasing destroys the key; pseudonym, balances, decisions and proofs stay.
"""

from __future__ import annotations

from ledger.parties.rules.access import (
    A_NEIGHBOUR,
    ADDRESS_GUESSES_MAX,
    CONTACT_PROOF_LIVES,
    ERASED,
    GUESS_WINDOW,
    GUESSES_MAX,
    ORGANISATION_KINDS,
    SCOPES,
    TOKEN_DAYS_MAX,
    check_password,
    clean_scopes,
    contact_key,
    financial_year,
    guesses_left,
    session_lives,
    shown_name,
)
from ledger.parties.rules.actions import (
    ACTIONS,
    ANYONE,
    APART,
    ROLES,
    SIGNED_IN,
    SYSTEM,
    VISITOR,
    VISITOR_ID,
    Actor,
    check_roles_apart,
    may,
    require,
    system,
    who_may,
)
from ledger.parties.rules.refusals import (
    ContactTaken,
    LinkUsed,
    NotSignedIn,
    RolesApart,
    TooManyGuesses,
    Unscoped,
    WeakPassword,
    WrongSignIn,
)
from ledger.parties.rules.vault import Known, mark_of, sealed, unsealed

__all__ = [
    "ACTIONS",
    "ADDRESS_GUESSES_MAX",
    "ANYONE",
    "APART",
    "A_NEIGHBOUR",
    "CONTACT_PROOF_LIVES",
    "ERASED",
    "GUESSES_MAX",
    "GUESS_WINDOW",
    "ORGANISATION_KINDS",
    "ROLES",
    "SCOPES",
    "SIGNED_IN",
    "SYSTEM",
    "TOKEN_DAYS_MAX",
    "VISITOR",
    "VISITOR_ID",
    "Actor",
    "ContactTaken",
    "Known",
    "LinkUsed",
    "NotSignedIn",
    "RolesApart",
    "TooManyGuesses",
    "Unscoped",
    "WeakPassword",
    "WrongSignIn",
    "check_password",
    "check_roles_apart",
    "clean_scopes",
    "contact_key",
    "financial_year",
    "guesses_left",
    "mark_of",
    "may",
    "require",
    "sealed",
    "session_lives",
    "shown_name",
    "system",
    "unsealed",
    "who_may",
]
