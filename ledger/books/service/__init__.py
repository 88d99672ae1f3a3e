"""Posting: the only writer of value. Every function runs inside the caller's unit of work."""

from __future__ import annotations

from ledger.books.service.accounts import create_book, open_accounts, open_fund, open_unit
from ledger.books.service.checking import row_check, self_check
from ledger.books.service.funds import lend, pay_back
from ledger.books.service.holds import expire_hold
from ledger.books.service.periods import begin_closing, close_period, open_period, reopen_period
from ledger.books.service.posting import Posted, post, post_many, resolve_hold, reverse

__all__ = [
    "Posted",
    "begin_closing",
    "close_period",
    "create_book",
    "expire_hold",
    "lend",
    "open_accounts",
    "open_fund",
    "open_period",
    "open_unit",
    "pay_back",
    "post",
    "post_many",
    "reopen_period",
    "resolve_hold",
    "reverse",
    "row_check",
    "self_check",
]
