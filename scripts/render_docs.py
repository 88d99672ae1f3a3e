"""Write the parts of the documents that the code knows best, or check that they are current.

In a document, what stands between ``<!-- begin: NAME -->`` and ``<!-- end: NAME -->`` is
written by the function of that name here; ``--check`` only says what is out of date. The
documents are also read as they are: every link between them must lead somewhere.
"""

from __future__ import annotations

import argparse
import dataclasses
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
_PART = re.compile(r"(<!-- begin: (?P<name>[a-z-]+) -->\n).*?(<!-- end: (?P=name) -->)", re.DOTALL)
_LINK = re.compile(r"\]\((?!https?://|mailto:|#)([^)#\s]+)(#[^)]*)?\)")


def roles() -> str:
    """Who may do what: the table of roles and actions."""
    from ledger.parties import rules

    head = "| Action | Who may |\n|---|---|\n"
    rows = (
        f"| `{action}` | {', '.join(sorted(who)).replace('_', ' ')} |\n"
        for action, who in sorted(rules.ACTIONS.items())
    )
    return head + "".join(rows)


def settings() -> str:
    """The settings and what each stands at when nothing is said."""
    from config.settings import Settings

    rows = [
        f"| `{field.name}` | "
        + ("(must be given)" if field.default is dataclasses.MISSING else f"`{field.default}`")
        + " |\n"
        for field in dataclasses.fields(Settings)
    ]
    return "| Setting | Default |\n|---|---|\n" + "".join(rows)


def journal_kinds() -> str:
    """Every kind of journal, what pages call it, which of them two people must sign, and how it
    is undone.
    """
    from ledger.books.rules import JOURNAL_KINDS, KIND_WORDS
    from ledger.drafts.rules import undone

    rows = (
        f"| `{kind}` | {KIND_WORDS[kind]} | {'yes' if two else 'no'} | {undone(kind)} |\n"
        for kind, two in sorted(JOURNAL_KINDS.items())
    )
    head = "| Kind | In words | Needs a second person | How it is undone |\n|---|---|---|---|\n"
    return head + "".join(rows)


PARTS: dict[str, Callable[[], str]] = {
    "roles": roles,
    "settings": settings,
    "journal-kinds": journal_kinds,
}


def documents() -> list[Path]:
    """The README and everything under docs."""
    return [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def rendered(text: str) -> str:
    """The document with its written parts brought up to date."""

    def replace(match: re.Match[str]) -> str:
        return match[1] + PARTS[match["name"]]() + match[3]

    return _PART.sub(replace, text)


def broken_links(path: Path, text: str) -> Iterator[str]:
    """Links of one document that lead to no file."""
    for match in _LINK.finditer(text):
        if not (path.parent / match[1]).exists():
            yield f"{path.relative_to(ROOT)}: the link to {match[1]} leads nowhere"


def main() -> int:
    """Write or check; returns the exit status."""
    parser = argparse.ArgumentParser(description="Bring the documents up to date.")
    parser.add_argument("--check", action="store_true", help="only say what is out of date")
    only_check = parser.parse_args().check
    faults: list[str] = []
    for path in documents():
        text = path.read_text(encoding="utf-8")
        current = rendered(text)
        if current != text and only_check:
            faults.append(f"{path.relative_to(ROOT)} is out of date: run scripts/check --fix")
        elif current != text:
            path.write_text(current, encoding="utf-8")
        faults += broken_links(path, current)
    print("\n".join(faults) or "The documents are true.")
    return 1 if faults else 0


if __name__ == "__main__":
    raise SystemExit(main())
