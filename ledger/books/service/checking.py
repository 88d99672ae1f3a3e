"""The books compared with themselves."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from ledger.books import queries, rules


def self_check(session: Session, *, book: int) -> list[str]:
    """Compare every running balance and every hash with what the entries say.

    Returns the differences in words; an empty list when the books are whole.
    """
    running = {row.path: row for row in queries.trial_balance(session, book)}
    again = {row.path: row for row in queries.recomputed_balances(session, book)}
    faults = [
        f"{path}: the running balance differs from its entries"
        for path in sorted(running)
        if running[path] != again[path]
    ]
    chain, count, fault = _follow(session, book)
    if fault:
        return [*faults, fault]
    head = queries.head(session, book)
    if not faults and (head.next_seq != count + 1 or head.chain != chain):
        faults.append("the head of the book does not match the last journal")
    return faults


def _follow(session: Session, book: int) -> tuple[bytes, int, str]:
    """Hash every leaf again along the chain: the chain's end, the number of leaves, and a fault."""
    chain, count = rules.GENESIS, 0
    for seqs, leaves, hashes, chains in queries.leaf_runs(session, book):
        wanted = range(count + 1, count + 1 + len(seqs))
        if (odd := _differs(seqs, wanted)) is not None:
            return chain, count, f"journal {wanted[odd]} is missing"
        again, links = rules.hash_run(chain, leaves)
        odd = min((n for n in (_differs(again, hashes), _differs(links, chains)) if n is not None),
                  default=None)  # fmt: skip
        if odd is not None:
            return chain, count, f"journal {wanted[odd]}: its bytes do not match its hash"
        chain, count = links[-1], count + len(seqs)
    return chain, count, ""


def _differs(some: Sequence[object], others: Sequence[object]) -> int | None:
    """Where two runs of the same length first differ."""
    if list(some) == list(others):
        return None
    return next(n for n, (one, other) in enumerate(zip(some, others, strict=True)) if one != other)
