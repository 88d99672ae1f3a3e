"""The tree over all journals and the signed words about it, checkable without this service.

T1  A tree's leaf is SHA-256 of 0x00 and the stored bytes, an inner node SHA-256 of 0x01 and its
    two children; the tree splits at the largest power of two below its size (RFC 9162, 2.1).
T2  An inclusion proof has at most ceil(log2 n) hashes and shows that one journal is in the tree.
T3  A consistency proof shows that a later tree only added to an earlier one.
T4  A checkpoint says origin, size and root, then the chain's head; it is text in the form of
    C2SP tlog-checkpoint, signed with Ed25519 as a C2SP signed note.
T5  A checkpoint is signed only after every stored leaf was hashed again, the chain followed from
    its beginning, and the tree found to contain the last checkpoint's tree unchanged.
T6  A checkpoint is never edited or deleted, and a later one is never smaller.
T7  A witness co-signs a checkpoint in the form of C2SP tlog-cosignature: Ed25519 over a first
    line, the time in whole seconds, and the checkpoint's words.
T8  A witness only goes on: what it co-signs holds everything that it co-signed before, proved by
    T3. Another history under the same name is refused and kept as evidence.
T9  A checkpoint is witnessed when more than half of its witnesses have co-signed it.
T10 A receipt is a text in the form of C2SP tlog-proof for each journal: its bytes, its place, the
    proof of T2 and the checkpoint with its co-signatures. With the keys of the books and of the
    witnesses it needs nothing else to be checked, and no character of it can be changed unseen.
"""

from __future__ import annotations

from ledger.audit.rules.notes import (
    COSIGNS,
    KEY_BYTES,
    REASONS,
    SIGNS,
    NoteKey,
    checkpoint_body,
    ed25519_holds,
    key_id,
    public_key,
    read_checkpoint,
    read_key,
    signed_note,
    split_note,
    verifier_key,
)
from ledger.audit.rules.receipts import (
    ENTRIES_MAX,
    FORM,
    Proved,
    Said,
    read_receipt,
    receipt_text,
    said,
)
from ledger.audit.rules.refusals import (
    CheckpointRefused,
    ForkFound,
    HistoryChanged,
    NotACheckpoint,
    NotAKey,
    NotAReceipt,
    NotWitnessed,
    WitnessEnded,
    WitnessTaken,
    WitnessWentBack,
)
from ledger.audit.rules.tree import (
    CHAIN_START,
    EMPTY_ROOT,
    HASH_BYTES,
    Range,
    Surveyed,
    Tree,
    consistency_holds,
    consistency_ranges,
    inclusion_holds,
    inclusion_ranges,
    leaf_hash,
    node_hash,
    range_roots,
    root_of,
    survey,
)
from ledger.audit.rules.witnessing import (
    SIGNATURE_BYTES,
    Cosignature,
    Head,
    Standing,
    Term,
    check_goes_on,
    cosignature,
    cosigned_message,
    fork,
    needed,
    standing,
)

__all__ = [
    "CHAIN_START",
    "COSIGNS",
    "EMPTY_ROOT",
    "ENTRIES_MAX",
    "FORM",
    "HASH_BYTES",
    "KEY_BYTES",
    "REASONS",
    "SIGNATURE_BYTES",
    "SIGNS",
    "CheckpointRefused",
    "Cosignature",
    "ForkFound",
    "Head",
    "HistoryChanged",
    "NotACheckpoint",
    "NotAKey",
    "NotAReceipt",
    "NotWitnessed",
    "NoteKey",
    "Proved",
    "Range",
    "Said",
    "Standing",
    "Surveyed",
    "Term",
    "Tree",
    "WitnessEnded",
    "WitnessTaken",
    "WitnessWentBack",
    "check_goes_on",
    "checkpoint_body",
    "consistency_holds",
    "consistency_ranges",
    "cosignature",
    "cosigned_message",
    "ed25519_holds",
    "fork",
    "inclusion_holds",
    "inclusion_ranges",
    "key_id",
    "leaf_hash",
    "needed",
    "node_hash",
    "public_key",
    "range_roots",
    "read_checkpoint",
    "read_key",
    "read_receipt",
    "receipt_text",
    "root_of",
    "said",
    "signed_note",
    "split_note",
    "standing",
    "survey",
    "verifier_key",
]
