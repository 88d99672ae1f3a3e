"""Accounts: the trial balance, one balance, one statement."""

from __future__ import annotations

from typing import Any

from flask.views import MethodView

from ledger.api import resource
from ledger.api.journals import book_of
from ledger.api.schemas.base import PageQuery, page_of
from ledger.api.schemas.books import AccountQuery, AccountSchema, StatementLineSchema
from ledger.books import queries
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
        """List accounts by path with their balances; with ``on``, summed again up to that day."""
        after = str(decode(query["after"], str)[0]) if query["after"] else ""
        under = query["under"]
        with reading() as session:
            book = book_of(session)
            rows = (
                queries.recomputed_balances(session, book, as_of=query["on"])
                if query["on"]
                else queries.trial_balance(session, book)
            )
        chosen = [
            row for row in sorted(rows, key=lambda row: row.path)
            if row.path > after and (not under or (row.path + ":").startswith(under + ":"))
        ]  # fmt: skip
        return page(chosen[: query["limit"] + 1], size=query["limit"], key=lambda row: [row.path])


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
    @blp.arguments(PageQuery, location="query")
    @blp.response(200, page_of(StatementLineSchema))
    def get(self, query: dict[str, Any], path: str) -> Page[queries.StatementLine]:
        """List an account's entries in the order of posting, each with the balance after it."""
        after = int(decode(query["after"], int)[0]) if query["after"] else 0
        with reading() as session:
            book = book_of(session)
            queries.balance(session, book, path)
            rows = queries.statement(session, book, path, after=after, limit=query["limit"] + 1)
        shown = rows[: query["limit"]]
        more = len(rows) > query["limit"]
        return Page(shown, encode([after + len(shown)]) if more else None)
