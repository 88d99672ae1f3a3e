"""Adding people and organisations, giving and ending roles, and keeping the vault."""

from __future__ import annotations

from ledger.parties.service.access import (
    count_guess,
    end_token,
    forget_guesses,
    make_token,
    prove_contact,
    set_password,
    start_contact_proof,
)
from ledger.parties.service.organisations import add_neighbourhood, add_organisation
from ledger.parties.service.people import (
    add_person,
    choose_shown,
    disable_person,
    enable_person,
    make_salts,
    person_for_contact,
    salts_of,
)
from ledger.parties.service.roles import end_role, grant_role, set_limit
from ledger.parties.service.vault import erase_person

__all__ = [
    "add_neighbourhood",
    "add_organisation",
    "add_person",
    "choose_shown",
    "count_guess",
    "disable_person",
    "enable_person",
    "end_role",
    "end_token",
    "erase_person",
    "forget_guesses",
    "grant_role",
    "make_salts",
    "make_token",
    "person_for_contact",
    "prove_contact",
    "salts_of",
    "set_limit",
    "set_password",
    "start_contact_proof",
]
