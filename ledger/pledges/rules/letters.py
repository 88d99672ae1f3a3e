"""The words of the messages that pledges send; names are filled in when a message is sent."""

from __future__ import annotations

from typing import Final

from ledger.messages.rules import add_template

__all__ = ["LETTERS"]

LETTERS: Final[dict[str, tuple[str, str]]] = {
    "pledge.prove": (
        "One more step: confirm your promise",
        "Thank you for joining: $sentence\n\nOpen this link to confirm. Your promise counts only"
        " then:\n$secret_link\n\nIf you did not ask for this, do nothing.",
    ),
    "pledge.counted": (
        "Your promise counts",
        "Your promise now counts towards: $sentence\n\nPledge $pledge. We will tell you as soon"
        " as it is reached, or if it is not.",
    ),
    "pledge.joined_again": (
        "You are in this pledge already",
        "Somebody asked to join with your address: $sentence\n\nYou have joined it, or you"
        " organise it, so nothing was changed. Sign in to see your promise.",
    ),
    "pledge.reworded": (
        "The wording of a pledge you joined has changed",
        "The pledge you joined now reads: $sentence\n\nYour promise counts again only if you"
        " agree. Read the new wording and agree here:\n$secret_link\n\nIf you do nothing, your"
        " promise does not count.",
    ),
    "pledge.withdrawn": (
        "You have withdrawn", "Your promise no longer counts towards: $sentence",
    ),
    "pledge.submitted": (
        "A pledge waits for an answer",
        "Please see that this pledge is answered by $due: $sentence ($pledge)",
    ),
    "pledge.moderated.open": ("Your pledge is open", "People can now join: $sentence\n\n$reason"),
    "pledge.moderated.back": (
        "Your pledge needs a change", "Please change and send again: $sentence\n\n$reason",
    ),
    "pledge.moderated.reject": (
        "Your pledge was turned down", "We cannot publish: $sentence\n\n$reason",
    ),
    "pledge.suspended": ("A pledge is paused", "Nobody can join for now: $sentence\n\n$reason"),
    "pledge.resumed": (
        "A pledge goes on", "It can be joined again until $deadline: $sentence\n\n$reason",
    ),
    "pledge.reached": (
        "Reached!",
        "Enough people have joined: $sentence\n\nUntil $until you can still withdraw. After that"
        " promises fall due.",
    ),
    "pledge.lapsed": (
        "The pledge was not reached",
        "Not enough people joined in time: $sentence\n\nNobody owes anything. Whoever paid"
        " already is paid back.",
    ),
    "pledge.cancelled": ("The pledge was cancelled", "This ends: $sentence\n\n$reason"),
    "pledge.due": (
        "Your promise is now due",
        "Please give $amount by $due for: $sentence\n\nSay $pledge when you pay.",
    ),
    "pledge.due_hours": (
        "Your promise is now due",
        "Please give $amount by $due for: $sentence\n\nAfterwards, sign in and write the time"
        " down beside your promise. The organiser confirms it.",
    ),
    "pledge.received": (
        "Thank you: we have received $amount",
        "We have received $amount for: $sentence\n\nReceipt $receipt. The council’s match on it:"
        " $matched.",
    ),
    "pledge.reminder": (
        "A reminder about your promise",
        "$amount was due by $due for: $sentence\n\nIf you cannot give it any more, tell us: you"
        " can be excused, and the reason stays private.",
    ),
    "pledge.excused": (
        "You are excused", "You owe nothing more to: $sentence\n\nThank you for joining.",
    ),
    "pledge.fell_short": (
        "Less was collected than needed",
        "$collected was collected for: $sentence\n\nAn officer will decide what happens.",
    ),
    "pledge.shortfall_decided": (
        "What happens with the pledge", "The decision is to $decision: $sentence\n\n$reason",
    ),
    "pledge.delivering": ("Work can begin", "Collection is over for: $sentence"),
    "pledge.dissolving": (
        "The pledge ends and money goes back",
        "This cannot be delivered: $sentence\n\n$reason\n\nWhat is held is paid back.",
    ),
    "pledge.completed": ("Done. Thank you", "This was delivered: $sentence"),
    "pledge.refund_due": ("We owe you $amount", "$amount will be paid back to you: $sentence"),
    "pledge.refund_paid": (
        "We have paid you back", "$amount was paid to you (reference $reference): $sentence",
    ),
    "pledge.release_asked": (
        "A group asks for its money",
        "$amount is asked for “$milestone”: $sentence ($pledge)",
    ),
    "pledge.release_refused": (
        "Your request was turned down", "“$milestone” for $sentence was turned down: $reason",
    ),
    "pledge.released": (
        "Your money is released", "$amount is released for “$milestone”: $sentence",
    ),
    "pledge.paid": (
        "Your group was paid", "$amount was paid (reference $reference) for: $sentence",
    ),
    "pledge.hours_logged": (
        "Please confirm some hours", "$time was logged for: $sentence\n\nPlease confirm it.",
    ),
    "pledge.hours_confirmed": ("Your hours count", "$time now counts for: $sentence"),
    "pledge.hours_refused": (
        "Your hours were not confirmed", "$time for $sentence was not confirmed: $reason",
    ),
}  # fmt: skip

for _name, (_subject, _body) in LETTERS.items():
    add_template(_name, subject=_subject, body="Hello $name,\n\n" + _body)
