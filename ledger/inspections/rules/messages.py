"""The words of the messages that inspections send."""

from __future__ import annotations

from ledger.messages.rules import add_template

add_template(
    "inspection.answered",
    subject="What you asked about the books was answered",
    body="Hello $name,\n\nYour $kind about journal $journal $state. Everybody can read it now:\n"
    "$base/inspections/matters/$matter",
)
