"""The bytes by which a journal is known for ever, and how they are chained (B3 to B5)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence

from ledger.books.rules.values import JournalSpec, Line


def request_hash(spec: JournalSpec) -> bytes:
    """B4: what a journal asks for, as a SHA-256 over canonical JSON (32 bytes)."""
    facts = [
        spec.kind, spec.effective_on.isoformat(), spec.maker, spec.checker, spec.group,
        spec.reason, spec.purpose, spec.resolves, spec.reverses,
        spec.deadline_at.isoformat() if spec.deadline_at else None,
        [[leg.path, leg.side, leg.quantity, leg.layer] for leg in spec.legs],
    ]  # fmt: skip
    return hashlib.sha256(canonical(facts)).digest()


_CANONICAL = json.JSONEncoder(
    ensure_ascii=True, allow_nan=False, sort_keys=True, separators=(",", ":")
)


def canonical(value: object) -> bytes:
    """ASCII JSON, sorted keys, no spaces: the only bytes that are ever hashed."""
    return _CANONICAL.encode(value).encode("ascii")


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


def hash_run(chain: bytes, leaves: Sequence[bytes]) -> tuple[list[bytes], list[bytes]]:
    """B5: the hashes of some leaves in order, and the chain up to each of them.

    Millions of leaves are proved this way: it does nothing else between one hash and the next.
    """
    sha256 = hashlib.sha256
    digests = [sha256(b"\x00" + leaf).digest() for leaf in leaves]
    chains = []
    for digest in digests:
        chain = sha256(b"\x02" + chain + digest).digest()
        chains.append(chain)
    return digests, chains


def note_commitment(salt: bytes, note: str) -> str:
    """What the leaf keeps of a note: a salted hash, so that the note itself can be erased."""
    return hashlib.sha256(salt + note.encode()).hexdigest() if note else ""


def recorded_us(now_us: int, last_us: int) -> int:
    """B3: recorded time in microseconds: never earlier than, nor equal to, the last."""
    return max(now_us, last_us + 1)
