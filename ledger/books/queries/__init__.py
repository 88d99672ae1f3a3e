"""Questions to the books. Quantities are whole pence, minutes or items; debits count above zero."""

from __future__ import annotations

from ledger.books.queries.as_at import (
    AsAt,
    balances_as_at,
    last_known,
    statement_as_at,
)
from ledger.books.queries.comparing import HEADS, book_code, entry_lines, journal_heads
from ledger.books.queries.holds import (
    run_out_holds,
)
from ledger.books.queries.periods import (
    movements,
    movements_between,
    period,
    periods,
)
from ledger.books.queries.posted import (
    answered_by,
    as_date,
    balance,
    balances,
    book_id,
    fund_ids,
    head,
    journal,
    journals,
    journals_named,
    leaf,
    leaf_hashes,
    leaf_runs,
    leaves,
    net,
    owed,
    posted,
    recomputed_balances,
    standings,
    statement,
    trial_balance,
)
from ledger.books.queries.rows import (
    BalanceRow,
    EntryRow,
    HeadRow,
    JournalRow,
    LeafRow,
    StatementLine,
)

__all__ = [
    "HEADS",
    "AsAt",
    "BalanceRow",
    "EntryRow",
    "HeadRow",
    "JournalRow",
    "LeafRow",
    "StatementLine",
    "answered_by",
    "as_date",
    "balance",
    "balances",
    "balances_as_at",
    "book_code",
    "book_id",
    "entry_lines",
    "fund_ids",
    "head",
    "journal",
    "journal_heads",
    "journals",
    "journals_named",
    "last_known",
    "leaf",
    "leaf_hashes",
    "leaf_runs",
    "leaves",
    "movements",
    "movements_between",
    "net",
    "owed",
    "period",
    "periods",
    "posted",
    "recomputed_balances",
    "run_out_holds",
    "standings",
    "statement",
    "statement_as_at",
    "trial_balance",
]
