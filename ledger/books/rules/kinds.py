"""What the books know by name: roots, classes of funds, and every kind of journal."""

from __future__ import annotations

from typing import Final, Literal

Side = Literal["D", "C"]
Layer = Literal["P", "H"]
Guard = Literal["N", "C", "D"]

ROOTS: Final = {
    "Assets": "A",
    "Liabilities": "L",
    "Equity": "Q",
    "Income": "I",
    "Expenses": "E",
}
FUND_CLASSES: Final = ("general", "designated", "restricted", "endowment")
GENESIS: Final = bytes(32)
JOURNAL_KINDS: Final[dict[str, bool]] = {
    "opening": False,
    "adjustment": True,
    "reversal": True,
    "hold": False,
    "hold.post": False,
    "hold.void": False,
    "hold.expire": False,
    "period.close": True,
    "period.reopen": True,
    "receipt": False,
    "fund.contribution": False,
    "fund.receipt": False,
    "fund.lend": True,
    "fund.settle": True,
    "pledge.promise": False,
    "pledge.promise.end": False,
    "pledge.settle": False,
    "pledge.collect": False,
    "pledge.match.reserve": False,
    "pledge.match.earn": False,
    "pledge.match.return": False,
    "pledge.release": True,
    "pledge.pay": True,
    "pledge.refund": False,
    "pledge.refund.pay": True,
    "pledge.default": False,
    "pledge.excuse": False,
    "pledge.hours": False,
    "booking.confirm": False,
    "booking.use": False,
    "booking.no_show": False,
    "booking.cancel": False,
    "booking.month": False,
    "dividend.commit": False,
    "dividend.receipt": False,
    "dividend.reserve": False,
    "dividend.award": True,
    "dividend.return": False,
    "dividend.pay": True,
    "dividend.confirm": False,
    "dividend.revise": True,
    "dividend.recover": False,
    "saving.recognise": False,
}
"""Every kind of journal there is, and whether the database demands a second person for it."""
