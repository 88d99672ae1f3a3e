"""Taking co-signatures: which witness signed what, and whether it is the history it knows (T7, T8)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from ledger.audit import queries, rules
from ledger.audit import service as audit
from ledger.audit.queries import CheckpointRow
from ledger.exports import checkpoints
from ledger.kernel.errors import Missing


def accept(session: Session, *, book: int, size: int, note: str, now: datetime) -> list[str]:
    """Keep every line by a registered witness below a co-signed checkpoint; returns their names.

    ``note`` is the checkpoint with the co-signatures below it, as the witness signed it. Lines
    that are there already are taken again and change nothing.

    Raises:
        NotWitnessed: no registered witness signed it, or a signature does not hold.
        ForkFound: it is another history than the one that stands here.
        Missing: there is no checkpoint of this size.
    """
    row = found(session, book=book, size=size)
    body, lines = rules.split_note(note)
    given = [
        (one.id, signed)
        for one in queries.witnesses(session, book)
        for line in lines
        if (signed := rules.cosignature(line, body=body, key=one.key)) is not None
    ]
    if not given:
        raise rules.NotWitnessed(
            "None of its lines is by a witness who is registered here.",
            remedy="Ask the council to register the witness’s key first.",
            place="note",
        )
    try:
        check_same(row, note)
        for witness, signed in given:
            audit.keep_cosignature(
                session, witness=witness, checkpoint=row, given=signed, now=now,
                goes_on=lambda head: _goes_on(session, row, head),
            )  # fmt: skip
    except rules.ForkFound as found_out:
        found_out.shown = note
        raise
    return [signed.key.name for _, signed in given]


def found(session: Session, *, book: int, size: int) -> CheckpointRow:
    """The checkpoint of a size.

    Raises:
        Missing: there is none.
    """
    row = queries.checkpoint(session, book, size)
    if row is None:
        raise Missing(
            f"There is no checkpoint of {size} journals.", remedy="See the list.", place=str(size)
        )
    return row


def check_same(row: CheckpointRow, note: str) -> None:
    """T8: refuse a text that is not, word for word, the checkpoint that stands here.

    Raises:
        ForkFound: the books' own key signed it, so that there are two histories.
        NotACheckpoint: it is no checkpoint of these books.
    """
    if rules.split_note(note)[0] == rules.split_note(row.note)[0]:
        return
    origin, shown = rules.read_checkpoint(note, public=row.public_key)
    if origin != row.origin or shown.size != row.size:
        raise rules.NotACheckpoint(
            f"It is the checkpoint of {shown.size} journals of {origin}.",
            remedy=f"Send the one of {row.size} journals of {row.origin}.",
            place="note",
        )
    raise rules.fork(
        f"The books' key signed two checkpoints of {row.size} journals: root"
        f" {row.root.hex()[:16]}… stands here, and the witness was shown {shown.root.hex()[:16]}…."
    )


def _goes_on(session: Session, row: CheckpointRow, head: rules.Head) -> bool:
    """T3: whether the journals stored here lead from what a witness knows to this checkpoint."""
    proof = checkpoints.consistency(session, book=row.book, old=head.size, new=row.size)
    return rules.consistency_holds(
        old=head.size, old_root=head.root, size=row.size, root=row.root, proof=proof
    )


def keep_evidence(session: Session, fork: rules.ForkFound, *, by: str, now: datetime) -> None:
    """T8: write down what the witness was shown, in a unit of its own: the refusal undid the first."""
    facts = {"said": fork.facts, "shown": fork.shown}
    audit.record(session, at=now, actor=by, action="checkpoint.fork", subject="checkpoints",
                 facts=facts)  # fmt: skip
