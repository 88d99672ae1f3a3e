"""What a pledge refuses, in the words of the people who meet it."""

from __future__ import annotations

from collections.abc import Mapping

from ledger.kernel.errors import Forbidden, Kind, LedgerError

__all__ = [
    "AlreadyJoined", "DealIncomplete", "Full", "HoursRefused", "MoreThanDue", "NotEnoughHeld",
    "NotReady", "NotTheirs", "NotYourGroup", "OwnPledge", "ReceiptUsed", "SelfModeration",
    "TooLate", "WrongLink",
]  # fmt: skip


class DealIncomplete(LedgerError):
    """PL1: something that people must know before they sign is missing or does not fit.

    ``errors`` has one sentence for each field of the deal that is wrong.
    """

    code = "pledges.deal_incomplete"
    title = "The pledge is not complete"

    def __init__(
        self, facts: str, *, remedy: str, place: str = "", errors: Mapping[str, str] | None = None
    ) -> None:
        self.errors = dict(errors or {})
        super().__init__(facts, remedy=remedy, place=place)


class NotReady(LedgerError):
    """The pledge, commitment or release is not at the step that this needs."""

    code = "pledges.not_ready"
    kind = Kind.CONFLICT
    title = "That cannot be done at this stage"


class SelfModeration(Forbidden):
    """PL2: the moderator belongs to the pledge."""

    code = "pledges.self_moderation"
    title = "Somebody else must decide this"


class NotYourGroup(Forbidden):
    """The person does not hold that role in the pledge's group."""

    code = "pledges.not_your_group"
    title = "This belongs to another group"


class NotTheirs(Forbidden):
    """The commitment is another person's."""

    code = "pledges.not_yours"
    title = "This is another person's promise"


class OwnPledge(Forbidden):
    """PL4: organisers cannot sign their own pledge."""

    code = "pledges.own_pledge"
    title = "You cannot join a pledge that you organise"


class AlreadyJoined(LedgerError):
    """PL4: one person, one commitment."""

    code = "pledges.already_joined"
    kind = Kind.CONFLICT
    title = "You have already joined"


class TooLate(LedgerError):
    """PL6, PL7: the deadline or the cooling-off time has passed."""

    code = "pledges.too_late"
    kind = Kind.GONE
    title = "It is too late for that"


class Full(LedgerError):
    """PL9: the maximum would be passed."""

    code = "pledges.full"
    kind = Kind.CONFLICT
    title = "The pledge is full"


class WrongLink(LedgerError):
    """PL3: the link in the message belongs to no promise that is still waiting."""

    code = "pledges.wrong_link"
    kind = Kind.GONE
    title = "This link does not work"


class ReceiptUsed(LedgerError):
    """PL10: the reference was used for another receipt."""

    code = "pledges.receipt_used"
    kind = Kind.CONFLICT
    title = "That receipt is recorded already"


class MoreThanDue(LedgerError):
    """PL10: the receipt is above what is due and was not accepted as extra."""

    code = "pledges.more_than_due"
    title = "That is more than was promised"


class NotEnoughHeld(LedgerError):
    """PL12, PL13: the pledge holds less than is asked for."""

    code = "pledges.not_enough_held"
    kind = Kind.CONFLICT
    title = "The pledge does not hold that much"


class HoursRefused(LedgerError):
    """PL14: hours that cannot be logged or confirmed."""

    code = "pledges.hours_refused"
    title = "Those hours cannot be recorded"
