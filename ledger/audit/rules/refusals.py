"""What the audit refuses, each with what to do about it."""

from __future__ import annotations

from ledger.kernel.errors import Conflict, Invalid, Kind, LedgerError


class HistoryChanged(LedgerError):
    """What is stored is not what was signed before: nobody may sign or pay until it is known why."""

    code = "audit.history_changed"
    kind = Kind.CONFLICT
    title = "The books do not match what was signed"


class CheckpointRefused(Conflict):
    """A checkpoint that says less, or something else, than the one before."""

    code = "audit.checkpoint_refused"
    title = "That checkpoint cannot be kept"


class NotACheckpoint(Invalid):
    """A text that is not a checkpoint, or whose signature does not hold."""

    code = "audit.not_a_checkpoint"
    title = "That is not a checkpoint of these books"


class NotAKey(Invalid):
    """A line that is not a public key, or one for another purpose."""

    code = "audit.not_a_key"
    title = "That is not a witness’s public key"


class WitnessTaken(Conflict):
    """A name or key under which a witness is registered already."""

    code = "audit.witness_taken"
    title = "There is such a witness already"


class WitnessEnded(Conflict):
    """A witness that has ended: what it co-signed stays, and it co-signs nothing more."""

    code = "audit.witness_ended"
    title = "This witness has ended"


class NotWitnessed(Invalid):
    """A co-signature that no registered witness made, or that does not hold."""

    code = "audit.not_witnessed"
    title = "No registered witness co-signed this"


class WitnessWentBack(Conflict):
    """A co-signature of less than the witness has co-signed already."""

    code = "audit.witness_went_back"
    title = "This witness has already co-signed more"


class ForkFound(LedgerError):
    """Two histories under one name: what a witness was shown is not what stands here."""

    code = "audit.fork_found"
    kind = Kind.CONFLICT
    title = "There are two histories of these books"
    shown: str = ""
    """The text that the witness was shown, to be kept as evidence."""


class NotAReceipt(Invalid):
    """A text that is not a receipt, or one in which something was changed."""

    code = "audit.not_a_receipt"
    title = "This receipt does not hold"
