#!/usr/bin/env python3
"""Co-sign the checkpoints of a Community Ledger, as a witness outside the council.

    python3 witness_books.py https://ledger.town.gov.uk --name your-group.example

Needs Python 3.11, and verify_books.py in the same folder; read both before you trust them. The
first time it makes a key of your own and shows its public half: give that to the council, which
registers it. Each time it

 1. fetches the latest checkpoint and checks that the books' key has signed it;
 2. fetches the proof that this checkpoint only added to the one that you co-signed last, and
    checks it: when it does not hold, it signs nothing, says so, and keeps what it was shown;
 3. writes down the checkpoint as the last one it knows, co-signs it, and sends the line.

What it knows is in the folder beside it (--folder): witness.key (keep it to yourself), books.key
(the books' key, taken the first time: compare it with the printed one) and last.txt. Keep the
folder: a witness who forgets cannot see that history was changed.
Exit status 0: co-signed. 1: not; the reason is in the last line. 2: usage.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import ipaddress
import json
import os
import re
import secrets
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

sys.path.insert(0, str(Path(__file__).resolve().parent))

if TYPE_CHECKING:
    from scripts.verify_books import BASE, ORDER, Checkpoint, Fault, P, Point, _times, read_key
else:  # it lies beside this file, wherever somebody has put the two
    from verify_books import BASE, ORDER, Checkpoint, Fault, P, Point, _times, read_key

SECONDS_MAX = 30
ANSWER_BYTES_MAX = 1_000_000
NAME = re.compile(r"[A-Za-z0-9./:_-]{1,200}", re.ASCII)
COSIGNS = b"\x04"
DASH = "\u2014"


# --- Ed25519 (RFC 8032), to sign. On your own machine: it does not hide how long it takes. ----


def _encoded(point: Point) -> bytes:
    inverse = pow(point[2], P - 2, P)
    x, y = point[0] * inverse % P, point[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def _halves(seed: bytes) -> tuple[int, bytes]:
    digest = hashlib.sha512(seed).digest()
    scalar = int.from_bytes(digest[:32], "little")
    return (scalar & ((1 << 254) - 8)) | (1 << 254), digest[32:]


def _number(*parts: bytes) -> int:
    return int.from_bytes(hashlib.sha512(b"".join(parts)).digest(), "little") % ORDER


def public_half(seed: bytes) -> bytes:
    """The public key (32 bytes) of a seed (32 bytes)."""
    return _encoded(_times(_halves(seed)[0], BASE))


def ed25519_sign(seed: bytes, message: bytes) -> bytes:
    """The signature (64 bytes) of a message by a seed."""
    scalar, prefix = _halves(seed)
    once = _number(prefix, message)
    commitment = _encoded(_times(once, BASE))
    answer = once + _number(commitment, public_half(seed), message) * scalar
    return commitment + (answer % ORDER).to_bytes(32, "little")


# --- what is signed ---------------------------------------------------------------------------


def key_line(name: str, public: bytes) -> str:
    """A witness's public key on one line (C2SP, type 0x04)."""
    number = hashlib.sha256(name.encode() + b"\n" + COSIGNS + public).digest()[:4]
    return f"{name}+{number.hex()}+{base64.b64encode(COSIGNS + public).decode()}"


def cosigned(note: str, *, name: str, seed: bytes, time_s: int) -> str:
    """The checkpoint with this witness's line below it (C2SP tlog-cosignature)."""
    body, _, signatures = note.partition("\n\n")
    public = public_half(seed)
    number = hashlib.sha256(name.encode() + b"\n" + COSIGNS + public).digest()[:4]
    message = f"cosignature/v1\ntime {time_s}\n{body}\n".encode()
    raw = number + time_s.to_bytes(8, "big") + ed25519_sign(seed, message)
    line = f"{DASH} {name} {base64.b64encode(raw).decode()}\n"
    return f"{body}\n\n{signatures.splitlines()[0]}\n{line}"


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def only_added(old: Checkpoint, new: Checkpoint, proof: Sequence[bytes]) -> bool:
    """Whether the proof shows that the new books begin with the old ones (RFC 9162, 2.1.4.2)."""
    if not 0 < old.size < new.size:
        return 0 < old.size == new.size and old.root == new.root and not proof
    path = list(proof) if old.size & (old.size - 1) else [old.root, *proof]
    node, last = old.size - 1, new.size - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    if not path or any(len(one) != 32 for one in path):
        return False
    first = second = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if node & 1 or node == last:
            first, second = _node(sibling, first), _node(sibling, second)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            second = _node(second, sibling)
        node, last = node >> 1, last >> 1
    return last == 0 and (first, second) == (old.root, new.root)


# --- the service ------------------------------------------------------------------------------

Ask = Callable[[str, bytes | None], bytes]


class _NoDetours(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_args: Any, **_named: Any) -> None:
        """Follow nothing: the address that was given is the one that is asked."""


def asker(url: str) -> Ask:
    """How the service at an address is asked: a path, and a body to send or None."""
    parts = urlsplit(url)
    try:
        here = (
            parts.hostname == "localhost" or ipaddress.ip_address(parts.hostname or "").is_loopback
        )
    except ValueError:
        here = False
    if parts.scheme != "https" and not (parts.scheme == "http" and here):
        raise Fault(f"{url} is neither https:// nor this machine itself")
    opener = urllib.request.build_opener(_NoDetours)

    def ask(path: str, body: bytes | None) -> bytes:
        headers = {"Content-Type": "application/json", "Idempotency-Key": secrets.token_hex(16)}
        asked = urllib.request.Request(url.rstrip("/") + path, body, headers)  # noqa: S310 - checked
        try:
            with opener.open(asked, timeout=SECONDS_MAX) as answer:
                return bytes(answer.read(ANSWER_BYTES_MAX))
        except urllib.error.HTTPError as refused:
            raise Fault(_reason(refused.code, refused.read(ANSWER_BYTES_MAX))) from refused
        except (OSError, ValueError) as error:
            raise Fault(f"the service cannot be reached ({error})") from error

    return ask


def _reason(status: int, body: bytes) -> str:
    try:
        said = json.loads(body)
        return f"the service answered {status}: {said['detail']} {said['remedy']}"
    except (ValueError, KeyError, TypeError):
        return f"the service answered {status}"


# --- the witness ------------------------------------------------------------------------------


class Witness:
    """A witness's folder: its own key, the books' key, and the last checkpoint it co-signed."""

    def __init__(self, folder: Path, name: str) -> None:
        if NAME.fullmatch(name) is None:
            raise Fault(f"{name!r} cannot name a witness: use a word like your-group.example")
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.name = folder, name
        self.seed = self._own_key()

    def _own_key(self) -> bytes:
        path = self.folder / "witness.key"
        if not path.exists():
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write(secrets.token_bytes(32).hex() + "\n")
        try:
            seed = bytes.fromhex(path.read_text(encoding="ascii").strip())
        except ValueError:
            seed = b""
        if len(seed) != 32:
            raise Fault(f"{path} does not hold a key")
        return seed

    def books_key(self, ask: Ask) -> tuple[str, bytes]:
        """The books' name and key: those of the first time."""
        path = self.folder / "books.key"
        if not path.exists():
            fetched = ask("/checkpoint.key", None).decode()
            read_key(fetched)
            path.write_text(fetched, encoding="utf-8")
        return read_key(path.read_text(encoding="utf-8"))

    def look(self, ask: Ask) -> tuple[str, Checkpoint]:
        """Fetch the latest checkpoint and refuse it unless it only added to the last one known."""
        name, public = self.books_key(ask)
        note = ask("/checkpoint.txt", None).decode()
        new = Checkpoint(note, name, public, "the latest checkpoint")
        known = self.folder / "last.txt"
        if known.exists():
            old = Checkpoint(known.read_text(encoding="utf-8"), name, public, "last.txt")
            if not self._goes_on(ask, old, new):
                shown = self.folder / f"refused-{new.size}.txt"
                shown.write_text(note, encoding="utf-8")
                raise Fault(
                    f"the {new.size} journals shown do not begin with the {old.size} that you"
                    f" co-signed. HISTORY WAS CHANGED. Keep {shown} and {known}, and tell everybody"
                )
        return note, new

    def _goes_on(self, ask: Ask, old: Checkpoint, new: Checkpoint) -> bool:
        if new.size < old.size:
            return False
        hashes: list[str] = []
        if new.size > old.size:
            answer = json.loads(
                ask(f"/api/v1/checkpoints/{new.size}/consistency?old={old.size}", None)
            )
            hashes = answer["hashes"]
        return only_added(old, new, [bytes.fromhex(one) for one in hashes])

    def cosign(self, ask: Ask, note: str, new: Checkpoint) -> str:
        """Write down what is known from now on, then co-sign it and send it."""
        kept = self.folder / "last.txt.new"
        kept.write_text(note, encoding="utf-8")
        kept.replace(self.folder / "last.txt")
        signed = cosigned(note, name=self.name, seed=self.seed, time_s=int(time.time()))
        body = json.dumps({"note": signed}).encode()
        standing = json.loads(ask(f"/api/v1/checkpoints/{new.size}/cosignatures", body))
        return f"{standing['cosigned']} of {standing['of']} witnesses have co-signed it"


def main(arguments: list[str]) -> int:
    """Read the command line, look, co-sign, and say what was done."""
    parser = argparse.ArgumentParser(description="Co-sign the checkpoints of a Community Ledger.")
    parser.add_argument("url", help="the service, such as https://ledger.town.gov.uk")
    parser.add_argument("--name", required=True, help="your name as a witness: one plain word")
    parser.add_argument("--folder", type=Path, default=Path("witness"), help="what you know")
    chosen = parser.parse_args(arguments)
    try:
        witness = Witness(chosen.folder, chosen.name)
        print(f"Your public key: {key_line(witness.name, public_half(witness.seed))}")
        ask = asker(chosen.url)
        knows = (witness.folder / "last.txt").exists()
        note, new = witness.look(ask)
        what = "nothing that you co-signed was changed" if knows else "the first that you see"
        print(f"{new.size} journals of {new.origin}: {what}.")
        print(f"CO-SIGNED: {witness.cosign(ask, note, new)}.")
    except (Fault, OSError, UnicodeDecodeError, ValueError, KeyError, TypeError) as error:
        print(f"NOT CO-SIGNED: {str(error).rstrip('.')}.")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
