"""The words of the messages that dividends send."""

from __future__ import annotations

from ledger.messages.rules import add_template

add_template(
    "determination.waiting",
    subject="A determination waits to be verified",
    body="Hello $name,\n\nThe readings of “$title” were frozen and tested. Please look at the"
    " workings and verify them, or ask a colleague to:\n$base/council/determinations/$determination",
)
add_template(
    "dividend.released",
    subject="A dividend was released to your group",
    body="Hello $name,\n\nTwo people at the council approved a dividend under “$title”. Finance"
    " will pay it by bank transfer. The workings are here:\n$base/agreements/$agreement",
)
add_template(
    "dividend.paid",
    subject="A dividend was paid to your group",
    body="Hello $name,\n\nOn $paid_on the council paid your group $amount, its dividend under"
    " “$title”. What it was paid for, and the workings, are here:\n$base/agreements/$agreement",
)
