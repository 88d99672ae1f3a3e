"""The books compared with themselves."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any, Final

from sqlalchemy.orm import Session

from ledger.books import queries, rules

FAULTS_NAMED_MAX: Final = 20
_READ: Final = json.JSONDecoder().raw_decode
_HEADS_OF: Final = itemgetter(*queries.HEADS)


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
    with queries.leaf_runs(session, book) as runs:
        for seqs, leaves, hashes, chains in runs:
            wanted = range(count + 1, count + 1 + len(seqs))
            if (odd := _differs(seqs, wanted)) is not None:
                return chain, count, f"journal {wanted[odd]} is missing"
            again, links = rules.hash_run(chain, leaves)
            odd = min((n for n in (_differs(again, hashes), _differs(links, chains))
                       if n is not None), default=None)  # fmt: skip
            if odd is not None:
                return chain, count, f"journal {wanted[odd]}: its bytes do not match its hash"
            chain, count = links[-1], count + len(seqs)
    return chain, count, ""


def _differs(some: Sequence[object], others: Sequence[object]) -> int | None:
    """Where two runs of the same length first differ."""
    if list(some) == list(others):
        return None
    return next(n for n, (one, other) in enumerate(zip(some, others, strict=True)) if one != other)


def row_check(session: Session, *, book: int) -> list[str]:
    """B5: compare every journal's row and entries with the bytes by which it is known.

    Names each journal, and each line, that somebody changed beside its leaf; stops after twenty.
    It reads everything once and costs more than `self_check`, which trusts the entries.
    """
    found: list[str] = []
    for fault in _bent_rows(session, book):
        found.append(fault)
        if len(found) == FAULTS_NAMED_MAX:
            break
    return found


def _bent_rows(session: Session, book: int) -> Iterator[str]:
    code = queries.book_code(session, book)
    entries = groupby(queries.entry_lines(session, book), key=itemgetter(0))
    seq, lines = next(entries, (0, iter(())))
    for number, leaf, head in queries.journal_heads(session, book):
        while seq and seq < number:
            yield f"journal {seq}: it has entries and is not there"
            seq, lines = next(entries, (0, iter(())))
        mine: list[list[Any]] = []
        if seq == number:
            mine = [line for _, line in lines]
            seq, lines = next(entries, (0, iter(())))
        yield from _bent(code, number, leaf, head, mine)
    while seq:
        yield f"journal {seq}: it has entries and is not there"
        seq, _ = next(entries, (0, iter(())))


def _bent(
    code: str, number: int, leaf: bytes, head: list[Any], lines: list[list[Any]]
) -> Iterator[str]:
    try:
        facts, end = _READ(leaf.decode("ascii"))
        said, wanted = facts["entries"], list(_HEADS_OF(facts))
        whole = (facts["book"], facts["seq"], end) == (code, number, len(leaf))
    except (ValueError, KeyError, TypeError):
        yield f"journal {number}: its bytes are not a journal's"
        return
    if not whole:
        yield f"journal {number}: its bytes are those of another"
    if lines == said and head == wanted:
        return
    for name, one, other in zip(queries.HEADS, head, wanted, strict=True):
        if one != other:
            yield f"journal {number}: its {name} is {one!r}, and was signed as {other!r}"
    for place in range(max(len(lines), len(said))):
        one, other = lines[place : place + 1], said[place : place + 1]
        if one != other:
            yield f"journal {number}, line {place + 1}: {_differs_in(one, other)}"


def _differs_in(one: list[list[Any]], other: list[list[Any]]) -> str:
    if not one:
        return "it is missing"
    if not other:
        return "it was added"
    names = ("line", "account", "side", "quantity", "layer", "unit", "fund", "version", "balance")
    pairs = zip(names, one[0], other[0], strict=True)
    return "; ".join(f"its {name} is {a}, and was signed as {b}" for name, a, b in pairs if a != b)
