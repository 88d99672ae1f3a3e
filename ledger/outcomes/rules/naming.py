"""What a measure is called (O12)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ledger.kernel import limits
from ledger.kernel.errors import Invalid
from ledger.kernel.texts import clean_line
from ledger.outcomes.rules.files import label, slug

BETTER: Final = {"lower": "Fewer is better", "higher": "More is better"}


@dataclass(frozen=True, slots=True)
class Naming:
    """A measure's name, what one of it is in words, and which way is better."""

    name: str
    counted: str
    better: str


def check_naming(naming: Naming) -> Naming:
    """O12: the name as it is kept: one line, with a letter or digit in it.

    Raises:
        Invalid: naming the field.
    """
    name = clean_line(
        label(naming.name), place="name", shortest=limits.REASON_CHARS_MIN,
        longest=limits.NAME_CHARS_MAX,
    )  # fmt: skip
    if not slug(name):
        raise Invalid("The name has no letters.", remedy="Write it in words.", place="name")
    counted = clean_line(label(naming.counted), place="counted", longest=limits.LINE_CHARS_MAX)
    if naming.better not in BETTER:
        raise Invalid(
            "A measure is better when it is lower, or when it is higher.",
            remedy="Choose one of the two.",
            place="better",
        )
    return Naming(name, counted, naming.better)
