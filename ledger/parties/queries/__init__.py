"""Questions about people, their roles and the organisations they act for."""

from __future__ import annotations

from ledger.parties.queries.access import (
    Grant,
    Limit,
    TokenView,
    actor,
    contact_proof_person,
    grants,
    holder_of_token,
    limits_on,
    password_hash,
    tokens,
)
from ledger.parties.queries.people import (
    PersonView,
    called,
    count_people,
    names,
    people,
    person,
    person_by_email,
    person_name,
    public_name,
    public_names,
    states,
)
from ledger.parties.queries.places import (
    NeighbourhoodView,
    OrganisationView,
    members,
    members_of,
    neighbourhoods,
    organisation,
    organisations,
    with_role,
)
from ledger.parties.queries.vault import (
    check_store,
    key_of,
    known,
)

__all__ = [
    "Grant",
    "Limit",
    "NeighbourhoodView",
    "OrganisationView",
    "PersonView",
    "TokenView",
    "actor",
    "called",
    "check_store",
    "contact_proof_person",
    "count_people",
    "grants",
    "holder_of_token",
    "key_of",
    "known",
    "limits_on",
    "members",
    "members_of",
    "names",
    "neighbourhoods",
    "organisation",
    "organisations",
    "password_hash",
    "people",
    "person",
    "person_by_email",
    "person_name",
    "public_name",
    "public_names",
    "states",
    "tokens",
    "with_role",
]
