"""What a file must be before its first row is read (A1)."""

from __future__ import annotations

import codecs
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from ledger.assets.rules.refusals import FileNotText, FileTooLarge
from ledger.kernel import limits
from ledger.kernel.files import not_a_table

_HEAD_BYTES: Final = 512


@dataclass(frozen=True, slots=True)
class FileFacts:
    """A file that can be read: its SHA-256 (hex), size, encoding and whether it ends well."""

    digest: str
    size_bytes: int
    encoding: str
    ends_with_newline: bool
    quotes_are_even: bool


def sniff_refusal(head: bytes) -> FileNotText | None:
    """Why the first bytes of a file show that it is no table, if they do."""
    what = not_a_table(head)
    return _not_text(f"It is {what}, whatever its name ends in.") if what else None


def _not_text(facts: str) -> FileNotText:
    return FileNotText(facts, remedy="Open it where it was made and save it as “CSV UTF-8”.")


def inspect(chunks: Iterable[bytes], *, bytes_max: int = limits.IMPORT_BYTES_MAX) -> FileFacts:
    """Read a file once in pieces, never whole, and say what it is.

    Raises:
        FileTooLarge: over ``bytes_max`` bytes; reading stops there.
        FileNotText: empty, another format, or with NUL bytes.
    """
    digest, size, quotes, last = hashlib.sha256(), 0, 0, b""
    utf8 = codecs.getincrementaldecoder("utf-8")()
    is_utf8 = True
    head = b""
    for chunk in chunks:
        if len(head) < _HEAD_BYTES:  # a pipe or a socket may bring it a byte at a time
            head = (head + chunk)[:_HEAD_BYTES]
            refusal = sniff_refusal(head)
            if refusal:
                raise refusal
        size += len(chunk)
        _check_chunk(chunk, size, bytes_max)
        digest.update(chunk)
        quotes += chunk.count(b'"')
        last = chunk[-1:] or last
        is_utf8 = is_utf8 and _decodes(utf8, chunk)
    if not size:
        raise _not_text("It is empty.")
    is_utf8 = is_utf8 and _decodes(utf8, b"", final=True)
    has_mark = head.startswith(codecs.BOM_UTF8)
    encoding = ("utf-8-sig" if has_mark else "utf-8") if is_utf8 else "cp1252"
    return FileFacts(digest.hexdigest(), size, encoding, last in (b"\n", b"\r"), quotes % 2 == 0)


def _check_chunk(chunk: bytes, size: int, bytes_max: int) -> None:
    if size > bytes_max:
        raise FileTooLarge(
            f"It has more than {bytes_max // (1024 * 1024)} MB.",
            remedy="Split the register, or take out columns that are not needed.",
        )
    if b"\x00" in chunk:
        raise _not_text("It has NUL bytes, which no text has.")


def _decodes(decoder: codecs.IncrementalDecoder, chunk: bytes, *, final: bool = False) -> bool:
    try:
        decoder.decode(chunk, final)
    except UnicodeDecodeError:
        return False
    return True
