"""The tables of people. Names and ways to reach people are in the vault, and only there."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Integer, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ledger.kernel.db import Base, declare_guards
from ledger.kernel.grants import declare_grants


class Neighbourhood(Base):
    """A neighbourhood of the place."""

    __tablename__ = "neighbourhood"
    __table_args__ = (CheckConstraint("length(name) BETWEEN 1 AND 200", name="name"),)
    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    code: Mapped[str]
    added_at: Mapped[datetime]


class Organisation(Base):
    """A council, agency, group or provider."""

    __tablename__ = "organisation"
    __table_args__ = (
        CheckConstraint("kind IN ('council', 'agency', 'group', 'provider')", name="kind"),
        CheckConstraint("length(name) BETWEEN 1 AND 200", name="name"),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]
    added_at: Mapped[datetime]


class Person(Base):
    """A person by pseudonym: what the books, approvals and events refer to."""

    __tablename__ = "person"
    __table_args__ = (CheckConstraint("state IN ('active', 'disabled', 'erased')", name="state"),)
    id: Mapped[str] = mapped_column(primary_key=True)
    state: Mapped[str]
    show_name: Mapped[bool]
    added_at: Mapped[datetime]
    contact_proved_at: Mapped[datetime | None]


class Vault(Base):
    """What is known of a person beyond the pseudonym, sealed under a key that is not in the book:
    the only table that can be erased (P10 to P12).
    """

    __tablename__ = "vault"
    __table_args__ = (
        CheckConstraint("length(sealed) BETWEEN 30 AND 8000", name="sealed"),
        CheckConstraint("length(email_mark) = 64", name="email_mark"),
    )
    person: Mapped[str] = mapped_column(ForeignKey("person.id"), primary_key=True)
    key_id: Mapped[str] = mapped_column(unique=True)
    sealed: Mapped[bytes]
    email_mark: Mapped[str | None] = mapped_column(unique=True)
    changed_at: Mapped[datetime]


class PersonSalt(Base):
    """The secret from which a person's fields are salted where they are committed to; erased with
    the vault.
    """

    __tablename__ = "person_salt"
    __table_args__ = (CheckConstraint("length(salt) = 32", name="salt"),)
    person: Mapped[str] = mapped_column(ForeignKey("person.id"), primary_key=True)
    salt: Mapped[bytes]


class VaultStore(Base):
    """By what this book knows the key store that belongs to it (P11)."""

    __tablename__ = "vault_store"
    __table_args__ = (
        CheckConstraint("id = 1", name="one"),
        CheckConstraint("length(fingerprint) = 64", name="fingerprint"),
    )
    id: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False
    )
    fingerprint: Mapped[str]


class Credential(Base):
    """A person's password, as its argon2id hash."""

    __tablename__ = "credential"
    person: Mapped[str] = mapped_column(ForeignKey("person.id"), primary_key=True)
    password_hash: Mapped[str]
    changed_at: Mapped[datetime]


class RoleGrant(Base):
    """A role held by a person, perhaps at an organisation, from one instant to another."""

    __tablename__ = "role_grant"
    __table_args__ = (
        CheckConstraint(
            "role IN ('resident', 'organiser', 'treasurer', 'broker', 'analyst', 'officer', 'head',"
            " 's151', 'innovation_broker', 'auditor', 'administrator')",
            name="role",
        ),
        Index("ix_role_grant_person", "person"),
        Index("ix_role_grant_organisation", "organisation"),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    person: Mapped[str] = mapped_column(ForeignKey("person.id"))
    role: Mapped[str]
    organisation: Mapped[str | None] = mapped_column(ForeignKey("organisation.id"))
    granted_by: Mapped[str]
    granted_at: Mapped[datetime]
    ended_by: Mapped[str | None]
    ended_at: Mapped[datetime | None]


class DelegatedLimit(Base):
    """How many pence a role may approve for one bucket in one financial year, from a day on."""

    __tablename__ = "delegated_limit"
    __table_args__ = (
        UniqueConstraint("role", "kind", "starts_on"),
        CheckConstraint("pence_max >= 0", name="pence_max"),
        CheckConstraint("set_by <> agreed_by", name="two_people"),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    role: Mapped[str]
    kind: Mapped[str]
    pence_max: Mapped[int]
    starts_on: Mapped[date]
    set_by: Mapped[str]
    agreed_by: Mapped[str]
    set_at: Mapped[datetime]


class ApiToken(Base):
    """A bearer token: only its hash is kept."""

    __tablename__ = "api_token"
    __table_args__ = (
        CheckConstraint("length(name) BETWEEN 1 AND 200", name="name"),
        CheckConstraint("scopes IN ('read', 'write', 'read write')", name="scopes"),
        Index("ix_api_token_person", "person"),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    person: Mapped[str] = mapped_column(ForeignKey("person.id"))
    name: Mapped[str]
    secret_hash: Mapped[str] = mapped_column(unique=True)
    scopes: Mapped[str]
    made_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class ContactProof(Base):
    """A link sent to a person, which proves that its reader can be reached there."""

    __tablename__ = "contact_proof"
    __table_args__ = (Index("ix_contact_proof_person", "person"),)
    secret_hash: Mapped[str] = mapped_column(primary_key=True)
    person: Mapped[str] = mapped_column(ForeignKey("person.id"))
    purpose: Mapped[str]
    next_path: Mapped[str]
    made_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class SignInGuard(Base):
    """The recent guesses at one account (or from one address), by the hash of its name."""

    __tablename__ = "sign_in_guard"
    bucket: Mapped[str] = mapped_column(primary_key=True)
    guesses: Mapped[str]


declare_guards(
    ["person_no_delete", "role_grant_moves", "role_grant_no_delete", "delegated_limit_no_update",
     "delegated_limit_no_delete", "role_grant_apart", "postgresql:role_grant_no_truncate"]
)  # fmt: skip
declare_grants(
    only_added=["neighbourhood", "organisation", "person_salt", "vault_store"],
    deleted=["vault", "credential", "contact_proof", "person_salt", "sign_in_guard"],
)
