"""Opening the vault: rows of the book with keys of the key store (P10)."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger.kernel import keys
from ledger.kernel.errors import NotReady
from ledger.parties import rules
from ledger.parties.models import Vault, VaultStore

Held = tuple[str, str, bytes]
"""A person, the id of their key, and what is kept under it."""


def opened(held: Collection[Held]) -> dict[str, rules.Known]:
    """What is known of people; whoever's key was destroyed is left out."""
    found = keys.store().keys([key_id for _person, key_id, _sealed in held])
    known = {
        person: rules.unsealed(bytes(sealed), person=person, key=found[key_id])
        for person, key_id, sealed in held
        if key_id in found
    }
    return {person: facts for person, facts in known.items() if facts is not None}


def known(session: Session, people: Iterable[str]) -> dict[str, rules.Known]:
    """What is known of those of the references that are people who were not erased."""
    wanted = {one for one in people if one.startswith("PER-")}
    if not wanted:
        return {}
    rows = session.execute(
        select(Vault.person, Vault.key_id, Vault.sealed).where(Vault.person.in_(wanted))
    )
    return opened([(row[0], row[1], row[2]) for row in rows])


def key_of(session: Session, person: str) -> str | None:
    """The id of the key under which a person is kept, if they are."""
    return session.scalar(select(Vault.key_id).where(Vault.person == person))


def check_store(session: Session) -> None:
    """P11: refuse to go on with another key store than the one that this book was filled with.

    With it every name would be unreadable, and whoever comes again would be counted twice.

    Raises:
        NotReady: the key store is another one, or is empty.
    """
    wanted = session.scalar(select(VaultStore.fingerprint))
    if wanted is not None and wanted != keys.store().fingerprint():
        raise NotReady(
            "The key store is not the one with which this book was filled.",
            remedy="Put the right one back (LEDGER_KEYS_URL, or keys.sqlite in the data folder), or"
            " restore it: flask ledger keys restore.",
        )
