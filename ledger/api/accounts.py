"""Accounts: the trial balance, one balance, one statement."""

from __future__ import annotations

from typing import Any

from flask.views import MethodView
from sqlalchemy.orm import Session

from ledger.api import resource
from ledger.api.journals import book_of
from ledger.api.schemas.base import page_of
from ledger.api.schemas.books import (
    AccountQuery,
    AccountSchema,
    AsAtQuery,
    FundTableList,
    StatementLineSchema,
    StatementQuery,
)
from ledger.books import queries, rules
from ledger.http import guarded, reading
from ledger.http.pagination import Page, decode, encode, page

blp = resource("accounts", "What every account holds, now or as at any day")


@blp.route("/")
class Accounts(MethodView):
    """The trial balance."""

    @guarded("books.read")
    @blp.arguments(AccountQuery, location="query")
    @blp.response(200, page_of(AccountSchema))
    def get(self, query: dict[str, Any]) -> Page[queries.BalanceRow]:
        """List accounts by path with their balances: now, as at a day (``on``), as known at an
        instant (``known_at``), or both.
        """
        after = str(decode(query["after"], str)[0]) if query["after"] else ""
        under = query["under"]
        with reading() as session:
            rows = _balances(session, query)
        chosen = [
            row for row in sorted(rows, key=lambda row: row.path)
            if row.path > after and (not under or (row.path + ":").startswith(under + ":"))
        ]  # fmt: skip
        return page(chosen[: query["limit"] + 1], size=query["limit"], key=lambda row: [row.path])


def _balances(session: Session, query: dict[str, Any]) -> list[queries.BalanceRow]:
    at, book = queries.AsAt(query["on"], query["known_at"]), book_of(session)
    return (
        queries.trial_balance(session, book)
        if at.is_now
        else queries.balances_as_at(session, book, at)
    )


@blp.route("/by-fund")
class ByFund(MethodView):
    """The trial balance with a column for each fund."""

    @guarded("books.read")
    @blp.arguments(AsAtQuery, location="query")
    @blp.response(200, FundTableList)
    def get(self, query: dict[str, Any]) -> dict[str, Any]:
        """Add accounts up by kind with a column for each fund, and all funds together."""
        with reading() as session:
            rows = _balances(session, query)
        return {"items": rules.fund_tables((row.path, row.unit, row.fund, row.net) for row in rows)}


@blp.route("/<path>")
class Account(MethodView):
    """One account."""

    @guarded("books.read")
    @blp.response(200, AccountSchema)
    def get(self, path: str) -> queries.BalanceRow:
        """Show one account's balance."""
        with reading() as session:
            return queries.balance(session, book_of(session), path)


@blp.route("/<path>/entries")
class Statement(MethodView):
    """One account's entries."""

    @guarded("books.read")
    @blp.arguments(StatementQuery, location="query")
    @blp.response(200, page_of(StatementLineSchema))
    def get(self, query: dict[str, Any], path: str) -> Page[queries.StatementLine]:
        """List an account's entries in the order of posting, each with the balance after it.

        With ``on`` or ``known_at`` the order is that of the days on which they took effect, and
        what came later or was not known yet is left out.
        """
        after = int(decode(query["after"], int)[0]) if query["after"] else 0
        at, limit = queries.AsAt(query["on"], query["known_at"]), query["limit"] + 1
        with reading() as session:
            book = book_of(session)
            queries.balance(session, book, path)
            rows = (
                queries.statement(session, book, path, after=after, limit=limit)
                if at.is_now
                else queries.statement_as_at(session, book, path, at, after=after, limit=limit)
            )
        shown = rows[: query["limit"]]
        more = len(rows) > query["limit"]
        return Page(shown, encode([after + len(shown)]) if more else None)
