"""Who may do what: the roles and the one table of actions (P1, P2)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from ledger.kernel.errors import Forbidden
from ledger.parties.rules.refusals import NotSignedIn, RolesApart

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
    "erasure.approve": _COUNCIL,
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
    "measure.name": _COUNCIL | {"analyst"},
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
    "dividend.pay": _COUNCIL,
    # Ideas.
    "promise.read": _who("innovation_broker", "officer", "head", "s151", "auditor"),
    "idea.read": _who("innovation_broker", "officer", "auditor"),
    "idea.note": _who("innovation_broker"),
    # Books, exports, jobs.
    "books.read": _who("auditor", "s151", "head", "officer"),
    "books.statement": _IN,
    "journal.adjust": _who("s151", "head"),
    "journal.adjust.approve": _who("s151", "head"),
    "journal.reverse": _who("s151", "head"),
    "journal.reverse.approve": _who("s151", "head"),
    "fund.lend": _who("s151", "head"),
    "fund.lend.approve": _who("s151", "head"),
    "fund.settle": _who("s151", "head"),
    "fund.settle.approve": _who("s151", "head"),
    "draft.decide": _who("s151", "head"),
    "period.close": _who("s151", "head"),
    "period.close.approve": _who("s151", "head"),
    "period.reopen.approve": _who("s151", "head"),
    "checkpoint.read": _ALL,
    "checkpoint.make": _who("auditor", "s151", SYSTEM),
    "checkpoint.cosign": _ALL,
    "witness.register": _who("administrator", "officer"),
    "inspection.read": _ALL,
    "inspection.open": _who("s151", "head"),
    "inspection.withhold": _who("s151", "head"),
    "inspection.ask": _GROUP | {"resident", "auditor"},
    "inspection.answer": _COUNCIL,
    "inspection.decide": _who("auditor"),
    "export.make": _who("auditor", "s151"),
    "audit.read": _who("auditor", "s151", "administrator"),
    "audit.ask": _who("auditor"),
    "job.read": _who("administrator", "auditor", "officer", "head", "s151"),
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


def who_may(action: str) -> str:
    """The roles that an action is for, in words: ``head of service, section 151 officer``."""
    return ", ".join(
        sorted(ROLES[role].lower() for role in ACTIONS.get(action, ()) if role in ROLES)
    )


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
    raise Forbidden(
        f"Your roles do not allow this. It is for: {who_may(action) or 'nobody'}.",
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
