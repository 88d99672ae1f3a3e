"""Agreements from draft to running, determinations from test to payment.

Drafting and signing (`agreeing`), money in (`funding`), the job's tests (`evaluating`), what
people decide (`deciding`), what follows from it (`releasing`), and all that it can be made again
from (`recording`).
"""

from ledger.dividends.service.agreeing import (
    activate,
    broker,
    check_power,
    draft,
    end,
    sign,
)
from ledger.dividends.service.deciding import decide
from ledger.dividends.service.evaluating import (
    Evaluation,
    Night,
    due,
    evaluate_due,
    propose,
    propose_many,
)
from ledger.dividends.service.funding import commit, fund, receive
from ledger.dividends.service.recomputing import recomputed
from ledger.dividends.service.recording import Recorded, recorded
from ledger.dividends.service.releasing import close, confirm, pay, release

__all__ = [
    "Evaluation",
    "Night",
    "Recorded",
    "activate",
    "broker",
    "check_power",
    "close",
    "commit",
    "confirm",
    "decide",
    "draft",
    "due",
    "end",
    "evaluate_due",
    "fund",
    "pay",
    "propose",
    "propose_many",
    "receive",
    "recomputed",
    "recorded",
    "release",
    "sign",
]
