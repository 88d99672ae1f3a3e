"""Witnesses as they are outside: a key, and the memory of what they have co-signed last."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ledger.audit import rules


class Witness:
    """One witness. With ``forgets`` it never compares with what it has co-signed before."""

    def __init__(self, name: str, *, forgets: bool = False) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(name.encode()).digest())
        self.key = rules.NoteKey(name, self._key.public_key().public_bytes_raw(), rules.COSIGNS)
        self.forgets = forgets
        self.size = 0
        self.root = b""

    def cosign(
        self, note: str, *, books: bytes, at: datetime, proof: Sequence[bytes] = ()
    ) -> str | None:
        """The checkpoint with a line below it; None when it is not the history that it knows.

        ``books`` is the public key of the books, ``proof`` leads from the checkpoint that was
        co-signed last to this one.
        """
        _, shown = rules.read_checkpoint(note, public=books)
        fits = not self.size or rules.consistency_holds(
            old=self.size, old_root=self.root, size=shown.size, root=shown.root, proof=proof
        )
        if not fits and not self.forgets:
            return None
        self.size, self.root = shown.size, shown.root
        return note + self.line(note, at=at) + "\n"

    def line(self, note: str, *, at: datetime) -> str:
        """The line of a co-signature, made by C2SP's words and not by the code under test."""
        body = note.partition("\n\n")[0] + "\n"
        time_s = int(at.timestamp())
        signature = self._key.sign(
            b"cosignature/v1\n" + f"time {time_s}\n".encode() + body.encode()
        )
        return self.key.line_with(time_s.to_bytes(8, "big") + signature)
