"""Witnesses: who co-signs checkpoints, in which form, and when that is enough (T7 to T9)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from ledger.audit.rules.notes import COSIGNS, NoteKey, ed25519_holds
from ledger.audit.rules.refusals import ForkFound, NotWitnessed, WitnessWentBack

SIGNATURE_BYTES: Final = 64
_TIME_BYTES: Final = 8
_CLOCKS_APART: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Cosignature:
    """One witness's line below a checkpoint, and when it says that it was written."""

    key: NoteKey
    line: str
    signed_at: datetime


@dataclass(frozen=True, slots=True)
class Head:
    """What a witness has co-signed last: how many journals, their root, and when."""

    size: int
    root: bytes
    signed_at: datetime


def cosigned_message(body: str, *, time_s: int) -> bytes:
    """T7: the bytes that a witness signs: a first line, the time in seconds, and the checkpoint."""
    return f"cosignature/v1\ntime {time_s}\n{body}".encode()


def cosignature(line: str, *, body: str, key: NoteKey) -> Cosignature | None:
    """T7: the co-signature on a line, if it is this key's; None when it is another's.

    Raises:
        NotWitnessed: it names the key, and does not hold.
    """
    assert key.kind == COSIGNS
    raw = key.signature_in(line)
    if raw is None:
        return None
    time_s = int.from_bytes(raw[:_TIME_BYTES], "big")
    signature = raw[_TIME_BYTES:]
    fits = len(raw) == _TIME_BYTES + SIGNATURE_BYTES
    if not fits or not ed25519_holds(key.public, cosigned_message(body, time_s=time_s), signature):
        raise NotWitnessed(
            f"The co-signature by {key.name} does not hold.",
            remedy="Co-sign the checkpoint exactly as it is published, and send the whole text.",
            place="note",
        )
    return Cosignature(key, line, _instant(time_s))


def _instant(time_s: int) -> datetime:
    try:
        return datetime.fromtimestamp(time_s, UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise NotWitnessed(
            "The time in the co-signature is no time.",
            remedy="Set the clock of the machine that co-signs.",
            place="note",
        ) from error


def check_goes_on(given: Cosignature, *, size: int, before: Head | None, now: datetime) -> None:
    """T8: a witness only goes on, in journals and in time.

    Raises:
        WitnessWentBack: it has co-signed more already.
        NotWitnessed: its time is ahead of ours, or before its own last one.
    """
    if before is not None and size < before.size:
        raise WitnessWentBack(
            f"{given.key.name} has co-signed {before.size} journals already.",
            remedy="Co-sign the newest checkpoint.",
            place="note",
        )
    early = before is not None and given.signed_at < before.signed_at
    if early or given.signed_at > now + _CLOCKS_APART:
        raise NotWitnessed(
            f"The time in the co-signature, {given.signed_at:%Y-%m-%d %H:%M} UTC, cannot be.",
            remedy="Set the clock of the machine that co-signs.",
            place="note",
        )


def fork(facts: str) -> ForkFound:
    """T8: the refusal of a history that is not the one a witness knows."""
    return ForkFound(
        facts,
        remedy="Keep both texts, tell the auditor and every witness, and co-sign neither.",
        place="note",
    )


def needed(of: int) -> int:
    """T9: how many of ``of`` witnesses make a checkpoint witnessed: more than half.

    Two histories of one length can then not both be witnessed, unless a witness signs both.
    """
    return of // 2 + 1 if of else 0


@dataclass(frozen=True, slots=True)
class Standing:
    """How a checkpoint stands with its witnesses: who co-signed, of how many, and how many must."""

    cosigned: tuple[str, ...]
    of: int

    @property
    def needed(self) -> int:
        """How many must have co-signed."""
        return needed(self.of)

    @property
    def is_witnessed(self) -> bool:
        """Whether enough have."""
        return bool(self.of) and len(self.cosigned) >= self.needed


@dataclass(frozen=True, slots=True)
class Term:
    """For how long somebody is a witness."""

    witness: str
    registered_at: datetime
    ended_at: datetime | None

    def covers(self, at: datetime) -> bool:
        """Whether it was a witness at an instant."""
        return self.registered_at <= at and (self.ended_at is None or at < self.ended_at)


def standing(terms: Iterable[Term], *, cosigned: Iterable[str], made_at: datetime) -> Standing:
    """T9: the witnesses of a checkpoint are those of the moment it was made, and who co-signed."""
    signers = tuple(dict.fromkeys(cosigned))
    asked = {term.witness for term in terms if term.covers(made_at)} | set(signers)
    return Standing(signers, len(asked))
