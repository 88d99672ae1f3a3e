"""The books compared with themselves."""

from __future__ import annotations

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
    chain = rules.GENESIS
    count = 0
    for seq, leaf, digest, stored in queries.leaves(session, book):
        count += 1
        if seq != count:
            faults.append(f"journal {count} is missing")
            break
        chain = rules.chain_hash(chain, digest)
        if rules.leaf_hash(leaf) != digest or chain != stored:
            faults.append(f"journal {seq}: its bytes do not match its hash")
            break
    head = queries.head(session, book)
    if not faults and (head.next_seq != count + 1 or head.chain != chain):
        faults.append("the head of the book does not match the last journal")
    return faults
