"""What is refused about inspections."""

from __future__ import annotations

from ledger.kernel.errors import Conflict, Forbidden


class NotClosed(Conflict):
    """I1: the period is not closed, or no checkpoint covers its close."""

    code = "inspections.not_closed"
    title = "The period cannot be inspected yet"


class AlreadyOpened(Conflict):
    """I1: the books of a period are opened for inspection once."""

    code = "inspections.opened_already"
    title = "These books were opened already"


class NotOpen(Conflict):
    """I5: the inspection has not begun, or is over."""

    code = "inspections.not_open"
    title = "The inspection is not open"


class WrongStep(Conflict):
    """I6: what was asked is not waiting for this."""

    code = "inspections.wrong_step"
    title = "It does not wait for this"


class OwnMatter(Forbidden):
    """I6: nobody answers what they asked, and nobody else withdraws it."""

    code = "inspections.own_matter"
    title = "That is for somebody else"


class WithheldAlready(Conflict):
    """I8: the part is withheld already, or is not when it is to be shown again."""

    code = "inspections.withheld_already"
    title = "Nothing would change"
