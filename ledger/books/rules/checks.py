"""Whether a journal, a path or a unit may be (B1, B2, B10)."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from typing import Final

from ledger.books.rules.kinds import JOURNAL_KINDS
from ledger.books.rules.refusals import JournalRefused
from ledger.books.rules.values import JournalSpec, Line
from ledger.kernel import limits
from ledger.kernel.errors import Invalid
from ledger.kernel.money import format_quantity

_PATH: Final = re.compile(
    r"(?:Assets|Liabilities|Equity|Income|Expenses)(?::[A-Z][A-Za-z0-9-]*)+", re.ASCII
)
_UNIT: Final = re.compile(r"[A-Z][A-Z0-9-]{0,22}[A-Z0-9]", re.ASCII)


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


def check_unit(code: str, *, scale: int = 0) -> None:
    """B10: a unit's code is 2 to 24 capitals, digits or hyphens, beginning with a letter; it is
    counted whole (scale 0) or in hundredths (scale 2).

    Raises:
        Invalid: naming the code.
    """
    if _UNIT.fullmatch(code) is None or scale not in (0, 2):
        raise Invalid(
            f"“{code[:40]}” with {scale} decimals is not a unit.",
            remedy="Use 2 to 24 capital letters, digits or hyphens, such as CHAIR or TREE-SMALL,"
            " and no decimals or two.",
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
            f"{unit} of fund {fund}: debits less credits is {format_quantity(total, unit)}"
            for (unit, fund, _), total in sorted(out.items())
        )
        raise JournalRefused(
            f"It does not balance ({words}).",
            remedy="Debits must equal credits in each unit and fund.",
            place=spec.id,
        )
