"""What a journal must be, and the bytes by which it is known for ever.

B1  A journal has two legs or more, and balances by unit, fund and layer.
B2  A quantity is a whole number, not zero; only a hold's release may be below zero.
B3  Recorded time only rises: the later of the clock and one microsecond after the last.
B4  The same journal id with the same content is the same journal; with other content, refused.
B5  A leaf is ASCII JSON with sorted keys, hashed with the prefix 0x00 (RFC 6962); the chain
    binds the chain before it, so nothing can be changed, moved or dropped unseen.
B6  Restricted money leaves its fund, as an expense or otherwise, only for the fund's purpose.
B7  A hold is resolved once, wholly, and never posted past its deadline.
B8  A period goes OPEN, ADJUSTING, CLOSED; closing and opening again each take two people.
B9  A journal is reversed once at most, by its exact mirror; a release of a hold is not a hold.
B10 Paths, units and the words of a journal can be read by any accountant's text tool: no line
    breaks, no control characters, segments such as ``PLG-7K2M9QXA``.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, Literal

from ledger.kernel import limits
from ledger.kernel.errors import Invalid, Kind, LedgerError

Side = Literal["D", "C"]
Layer = Literal["P", "H"]
Guard = Literal["N", "C", "D"]

ROOTS: Final = {
    "Assets": "A",
    "Liabilities": "L",
    "Equity": "Q",
    "Income": "I",
    "Expenses": "E",
}
FUND_CLASSES: Final = ("general", "designated", "restricted", "endowment")
GENESIS: Final = bytes(32)
_PATH: Final = re.compile(
    r"(?:Assets|Liabilities|Equity|Income|Expenses)(?::[A-Z][A-Za-z0-9-]*)+", re.ASCII
)
_UNIT: Final = re.compile(r"[A-Z][A-Z0-9-]{0,22}[A-Z0-9]", re.ASCII)

JOURNAL_KINDS: Final[dict[str, bool]] = {
    "opening": False,
    "adjustment": True,
    "reversal": True,
    "hold": False,
    "hold.post": False,
    "hold.void": False,
    "hold.expire": False,
    "receipt": False,
    "fund.contribution": False,
    "fund.receipt": False,
    "pledge.promise": False,
    "pledge.promise.end": False,
    "pledge.settle": False,
    "pledge.collect": False,
    "pledge.match.reserve": False,
    "pledge.match.earn": False,
    "pledge.match.return": False,
    "pledge.release": True,
    "pledge.pay": True,
    "pledge.refund": False,
    "pledge.refund.pay": True,
    "pledge.default": False,
    "pledge.excuse": False,
    "pledge.hours": False,
    "booking.confirm": False,
    "booking.use": False,
    "booking.no_show": False,
    "booking.cancel": False,
    "booking.month": False,
    "dividend.commit": False,
    "dividend.receipt": False,
    "dividend.reserve": False,
    "dividend.award": True,
    "dividend.return": False,
    "dividend.pay": True,
    "dividend.confirm": False,
    "dividend.revise": True,
    "dividend.recover": False,
    "saving.recognise": False,
}
"""Every kind of journal there is, and whether the database demands a second person for it."""


class JournalRefused(LedgerError):
    """A journal that does not balance or is not well formed."""

    code = "books.journal_refused"
    title = "That entry cannot be posted"


class UnknownAccount(LedgerError):
    """A leg names an account that the book does not have."""

    code = "books.unknown_account"
    kind = Kind.MISSING
    title = "There is no such account"


class JournalIdReused(LedgerError):
    """The id was used before for something else."""

    code = "books.journal_id_reused"
    kind = Kind.CONFLICT
    title = "That entry was posted before with other contents"


class NotEnoughMoney(LedgerError):
    """The account would fall below zero, holds included."""

    code = "books.not_enough"
    kind = Kind.CONFLICT
    title = "There is not enough in the account"


class AlreadyResolved(LedgerError):
    """The hold was posted, given up or expired before, or it never was a hold."""

    code = "books.already_resolved"
    kind = Kind.CONFLICT
    title = "That hold is not waiting any more"


class HoldExpired(LedgerError):
    """The hold's deadline has passed: it can be given up, not posted."""

    code = "books.hold_expired"
    kind = Kind.GONE
    title = "That hold has run out"


class AlreadyReversed(LedgerError):
    """The journal has been answered by its mirror before."""

    code = "books.already_reversed"
    kind = Kind.CONFLICT
    title = "That entry was reversed before"


class PeriodClosed(LedgerError):
    """The effective day lies in a period that is closed."""

    code = "books.period_closed"
    kind = Kind.CONFLICT
    title = "That period is closed"


@dataclass(frozen=True, slots=True)
class Leg:
    """One side of a journal: ``quantity`` in the account's unit (pence, minutes, items)."""

    path: str
    side: Side
    quantity: int
    layer: Layer = "P"


def debit(path: str, quantity: int) -> Leg:
    """A posted debit."""
    return Leg(path, "D", quantity)


def credit(path: str, quantity: int) -> Leg:
    """A posted credit."""
    return Leg(path, "C", quantity)


@dataclass(frozen=True, slots=True)
class AccountSpec:
    """An account to be: path, unit and fund never change; ``guard`` says which side may not
    fall below zero (C: credits cover debits and held debits; D: the mirror; N: none).
    """

    path: str
    unit: str = "GBP"
    fund: str = "GENERAL"
    guard: Guard = "N"
    owner: str = ""

    @property
    def type_code(self) -> str:
        """The root's letter; the path must begin with one of the five roots."""
        return ROOTS[self.path.split(":", 1)[0]]


@dataclass(frozen=True, slots=True)
class JournalSpec:
    """A journal to be posted. ``id`` is the caller's and makes the posting happen once."""

    id: str
    kind: str
    effective_on: date
    legs: tuple[Leg, ...]
    maker: str
    checker: str | None = None
    group: str = ""
    reason: str = ""
    purpose: str = ""
    note: str = ""
    resolves: int | None = None
    reverses: int | None = None
    deadline_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One entry as it will be stored, with the account's version and balance after it.

    ``balance_after`` is debits less credits of that layer: pence, minutes or items.
    """

    line: int
    account: int
    path: str
    side: Side
    quantity: int
    layer: Layer
    unit: str
    fund: str
    version: int
    balance_after: int

    @property
    def signed(self) -> int:
        """Debits above zero, credits below."""
        return self.quantity if self.side == "D" else -self.quantity


@dataclass(slots=True)
class Standing:
    """An account as it stands while a journal is being built."""

    account: int
    path: str
    unit: str
    fund: str
    guard: Guard
    dr: int
    cr: int
    held_dr: int
    held_cr: int
    version: int
    fund_id: int = 0

    def take(self, number: int, leg: Leg) -> Line:
        """Apply a leg and return the line to store."""
        self.version += 1
        if leg.layer == "P":
            if leg.side == "D":
                self.dr += leg.quantity
            else:
                self.cr += leg.quantity
            after = self.dr - self.cr
        else:
            if leg.side == "D":
                self.held_dr += leg.quantity
            else:
                self.held_cr += leg.quantity
            after = self.held_dr - self.held_cr
        return Line(
            number, self.account, self.path, leg.side, leg.quantity, leg.layer,
            self.unit, self.fund, self.version, after,
        )  # fmt: skip

    @property
    def overdrawn(self) -> int:
        """How far below zero the guarded side stands (0 when it does not)."""
        if self.guard == "C":
            return max(0, self.dr + self.held_dr - self.cr)
        if self.guard == "D":
            return max(0, self.cr + self.held_cr - self.dr)
        return 0


def check_path(path: str) -> None:
    """B10: an account's path has one of the five roots and segments that text tools can read.

    Raises:
        Invalid: naming the path.
    """
    if len(path) > limits.NAME_CHARS_MAX or _PATH.fullmatch(path) is None:
        raise Invalid(
            f"“{path[:80]}” is not a path of an account.",
            remedy="Begin with Assets, Liabilities, Equity, Income or Expenses; then parts such as"
            f" :Escrow:PLG-7K2M, each with a capital first; {limits.NAME_CHARS_MAX} letters at most.",
            place=path[:80],
        )


def check_unit(code: str) -> None:
    """B10: a unit's code is 2 to 24 capitals, digits or hyphens, beginning with a letter.

    Raises:
        Invalid: naming the code.
    """
    if _UNIT.fullmatch(code) is None:
        raise Invalid(
            f"“{code[:40]}” is not a code for a unit.",
            remedy="Use 2 to 24 capital letters, digits or hyphens, such as CHAIR or TREE-SMALL.",
            place=code[:40],
        )


def check_shape(spec: JournalSpec) -> None:
    """B1, B2 and B10 on what can be seen without the accounts.

    Raises:
        JournalRefused: too few or too many legs, a bad quantity, an unknown kind, no day, or
            words that cannot be kept.
    """
    _check_words(spec)
    if not 2 <= len(spec.legs) <= limits.JOURNAL_LEGS_MAX:
        raise JournalRefused(
            f"A journal of {len(spec.legs)} legs is not allowed.",
            remedy=f"Give from 2 to {limits.JOURNAL_LEGS_MAX} legs.",
            place=spec.id,
        )
    if spec.kind not in JOURNAL_KINDS:
        raise JournalRefused(
            f"“{spec.kind}” is not a kind of journal.",
            remedy="Use one of the kinds in docs/rules.md.",
            place=spec.id,
        )
    for leg in spec.legs:
        low = -limits.QUANTITY_MAX if leg.layer == "H" and spec.resolves is not None else 1
        whole = type(leg.quantity) is int
        if not whole or not low <= leg.quantity <= limits.QUANTITY_MAX or leg.quantity == 0:
            raise JournalRefused(
                f"{leg.quantity!r} on {leg.path} is not a quantity.",
                remedy=f"Use a whole number from 1 to {limits.QUANTITY_MAX}.",
                place=spec.id,
            )
    if type(spec.effective_on) is not date:
        raise JournalRefused(
            f"{spec.effective_on!r} is not a day.",
            remedy="Give the London day on which it takes effect, without a time.",
            place=spec.id,
        )
    if spec.checker is not None and spec.checker == spec.maker:
        raise JournalRefused(
            "The same person cannot make and check an entry.",
            remedy="Ask a second person to check it.",
            place=spec.id,
        )


def _check_words(spec: JournalSpec) -> None:
    words = {
        "id": spec.id, "maker": spec.maker, "checker": "-" if spec.checker is None else spec.checker,
        "group": spec.group, "reason": spec.reason, "purpose": spec.purpose,
    }  # fmt: skip
    for name, value in words.items():
        missing = name in ("id", "maker", "checker") and not value.strip()
        if missing or len(value) > limits.LINE_CHARS_MAX or not value.isprintable():
            raise JournalRefused(
                f"Its {name} is {'empty' if missing else 'too long or has unprintable characters'}.",
                remedy=f"Use one line of at most {limits.LINE_CHARS_MAX} characters.",
                place=spec.id[:80] if spec.id.isprintable() else "journal",
            )


def check_balanced(spec: JournalSpec, lines: Sequence[Line]) -> None:
    """B1: debits equal credits in every unit, fund and layer.

    Raises:
        JournalRefused: naming each group and by how much it is out.
    """
    sums: dict[tuple[str, str, str], int] = defaultdict(int)
    for line in lines:
        sums[line.unit, line.fund, line.layer] += line.signed
    out = {group: total for group, total in sums.items() if total}
    if out:
        words = "; ".join(
            f"{unit} of fund {fund}: debits less credits is {total}"
            for (unit, fund, _), total in sorted(out.items())
        )
        raise JournalRefused(
            f"It does not balance ({words}).",
            remedy="Debits must equal credits in each unit and fund.",
            place=spec.id,
        )


def request_hash(spec: JournalSpec) -> bytes:
    """B4: what a journal asks for, as a SHA-256 over canonical JSON (32 bytes)."""
    facts = [
        spec.kind, spec.effective_on.isoformat(), spec.maker, spec.checker, spec.group,
        spec.reason, spec.purpose, spec.resolves, spec.reverses,
        spec.deadline_at.isoformat() if spec.deadline_at else None,
        [[leg.path, leg.side, leg.quantity, leg.layer] for leg in spec.legs],
    ]  # fmt: skip
    return hashlib.sha256(canonical(facts)).digest()


def canonical(value: object) -> bytes:
    """ASCII JSON, sorted keys, no spaces: the only bytes that are ever hashed."""
    return json.dumps(
        value, ensure_ascii=True, allow_nan=False, sort_keys=True, separators=(",", ":")
    ).encode("ascii")


def leaf_bytes(
    *, book: str, seq: int, recorded_us: int, deadline_us: int | None, spec: JournalSpec,
    lines: Sequence[Line], note_commitment: str,
) -> bytes:  # fmt: skip
    """B5: the journal as it is stored and hashed. People appear by pseudonym only."""
    return canonical(
        {
            "book": book,
            "checker": spec.checker,
            "deadline_us": deadline_us,
            "effective_on": spec.effective_on.isoformat(),
            "entries": [
                [
                    line.line, line.path, line.side, line.quantity, line.layer, line.unit,
                    line.fund, line.version, line.balance_after,
                ]
                for line in lines
            ],
            "group": spec.group,
            "id": spec.id,
            "kind": spec.kind,
            "maker": spec.maker,
            "note": note_commitment,
            "purpose": spec.purpose,
            "reason": spec.reason,
            "recorded_us": recorded_us,
            "resolves": spec.resolves,
            "reverses": spec.reverses,
            "seq": seq,
            "v": 1,
        }
    )  # fmt: skip


def leaf_hash(leaf: bytes) -> bytes:
    """B5: SHA-256 of 0x00 and the leaf (RFC 6962), 32 bytes."""
    return hashlib.sha256(b"\x00" + leaf).digest()


def chain_hash(previous: bytes, leaf_digest: bytes) -> bytes:
    """B5: SHA-256 of 0x02, the chain before (32 bytes) and this leaf's hash (32 bytes)."""
    return hashlib.sha256(b"\x02" + previous + leaf_digest).digest()


def note_commitment(salt: bytes, note: str) -> str:
    """What the leaf keeps of a note: a salted hash, so that the note itself can be erased."""
    return hashlib.sha256(salt + note.encode()).hexdigest() if note else ""


def recorded_us(now_us: int, last_us: int) -> int:
    """B3: recorded time in microseconds: never earlier than, nor equal to, the last."""
    return max(now_us, last_us + 1)


def mirrored(legs: Sequence[Leg]) -> tuple[Leg, ...]:
    """The same legs with their sides exchanged: what a reversal posts."""
    return tuple(
        Leg(leg.path, "C" if leg.side == "D" else "D", leg.quantity, leg.layer) for leg in legs
    )
