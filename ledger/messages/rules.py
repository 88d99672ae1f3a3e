"""The words of every message, and when one is tried again (M1 to M5).

M1  A message is kept once under its key; asking again changes nothing.
M2  Names come from the vault when the message is sent, never from its facts.
M3  A message that cannot be delivered is tried again after growing pauses, six times at most.
M4  A call to another machine is kept once under its key and tried again as M3 says until it is
    answered. It carries no secret; its address is in the settings, by https or on this machine.
M5  People read days in words and whole addresses: a fact that is an ISO day is written out, and
    ``$base`` is the address of the service.

A fact whose name begins with ``secret_`` is forgotten once the message has been sent.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta
from string import Template
from typing import Final

from ledger.kernel.clock import day_in_words
from ledger.kernel.errors import Invalid

ATTEMPTS_MAX: Final = 6
SENDING_LASTS: Final = timedelta(minutes=15)
FORGOTTEN: Final = "(The link is in the message that we sent you. No copy of it is kept here.)"
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Words:
    """The subject and body of a template; ``$name`` marks a fact."""

    subject: str
    body: str


TEMPLATES: Final[dict[str, Words]] = {
    "contact.prove": Words(
        "Please confirm your email address",
        "Hello $name,\n\nOpen this link to confirm that we can reach you here:\n$secret_link\n\n"
        "It works once, until $until. If you did not ask for this, do nothing.",
    ),
    "account.password_changed": Words(
        "Your password was changed",
        "Hello $name,\n\nYour password was changed on $when and you were signed out everywhere."
        "\nIf this was not you, tell the administrator at once.",
    ),
    "approval.waiting": Words(
        "Something waits for your decision",
        "Hello $name,\n\n$what waits for you to $stage it:\n$link",
    ),
    "notice": Words("$subject", "Hello $name,\n\n$text\n\n$link"),
}
"""Every message by name. "notice" takes any subject, text and link."""


def add_template(name: str, *, subject: str, body: str) -> None:
    """Let a wing add the words of its own messages when it is loaded."""
    TEMPLATES[name] = Words(subject, body)


def words(
    template: str, facts: Mapping[str, object], *, name: str, base_url: str = ""
) -> Words:  # fmt: skip
    """The words of a message for a person called ``name``; a missing fact reads as nothing, and a
    secret that was forgotten says so.

    Raises:
        Invalid: there is no such template.
    """
    if template not in TEMPLATES:
        raise Invalid(
            f"There is no message called “{template}”.",
            remedy="Use one of: " + ", ".join(sorted(TEMPLATES)) + ".",
            place="template",
        )
    known = {"name": name or "neighbour", "base": base_url}
    known.update({key: _said(value) for key, value in facts.items()})
    chosen = TEMPLATES[template]
    return Words(_filled(chosen.subject, known).replace("\n", " "), _filled(chosen.body, known))


def _filled(text: str, facts: Mapping[str, str]) -> str:
    blank = {
        name: FORGOTTEN if name.startswith("secret_") else ""
        for name in Template(text).get_identifiers()
    }
    return Template(text).substitute({**blank, **facts}).strip()


def _said(fact: object) -> str:
    """M5: a fact as a person reads it."""
    said = str(fact)
    if _DAY.fullmatch(said):
        with suppress(ValueError):  # 30 February is no day, and stays as it is
            return day_in_words(date.fromisoformat(said))
    return said


def pause(attempts: int) -> timedelta:
    """M3: how long to wait after that many attempts: 1, 4, 16, 64, 256 minutes."""
    return timedelta(minutes=4 ** max(0, attempts - 1))


def without_secrets(facts: Mapping[str, object]) -> dict[str, object]:
    """The facts that may be kept once the message has been sent."""
    return {key: value for key, value in facts.items() if not key.startswith("secret_")}
