"""The tree over all journals, its proofs, and the walk that hashes everything again (T1 to T3, T5)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from ledger.audit.rules.refusals import HistoryChanged

EMPTY_ROOT: Final = hashlib.sha256(b"").digest()
CHAIN_START: Final = bytes(32)
HASH_BYTES: Final = 32


def leaf_hash(leaf: bytes) -> bytes:
    """T1: the hash of a leaf's stored bytes (32 bytes)."""
    return hashlib.sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """T1: the hash of two children (32 bytes each)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class Tree:
    """A tree that grows one leaf hash at a time and keeps only its right edge (32 bytes a level)."""

    def __init__(self) -> None:
        self.size = 0
        self._edge: list[bytes] = []

    def add(self, digest: bytes) -> None:
        """Add the hash of the next leaf."""
        count = self.size
        while count & 1:
            digest = node_hash(self._edge.pop(), digest)
            count >>= 1
        self._edge.append(digest)
        self.size += 1

    def root(self) -> bytes:
        """The root over all leaves added so far."""
        if not self._edge:
            return EMPTY_ROOT
        return _folded(self._edge)


def root_of(digests: Iterable[bytes]) -> bytes:
    """The root over these leaf hashes."""
    tree = Tree()
    for digest in digests:
        tree.add(digest)
    return tree.root()


def _below(size: int) -> int:
    """The largest power of two that is smaller than ``size`` (2 or more)."""
    return 1 << ((size - 1).bit_length() - 1)


Range = tuple[int, int]


def inclusion_ranges(index: int, size: int) -> list[Range]:
    """T2: which runs of leaves the proof for leaf ``index`` (from 0) is made of, lowest first."""
    assert 0 <= index < size
    ranges: list[Range] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _below(end - start)
        if index < middle:
            ranges.append((middle, end))
            end = middle
        else:
            ranges.append((start, middle))
            start = middle
    return ranges[::-1]


def consistency_ranges(old: int, size: int) -> list[Range]:
    """T3: which runs of leaves the proof from size ``old`` to ``size`` is made of, in order."""
    assert 0 < old <= size
    ranges: list[Range] = []
    start, end, whole = 0, size, True
    while old != end:
        middle = start + _below(end - start)
        if old <= middle:
            ranges.append((middle, end))
            end = middle
        else:
            ranges.append((start, middle))
            start, whole = middle, False
    if not whole:
        ranges.append((start, end))
    return ranges[::-1]


def range_roots(digests: Iterable[bytes], ranges: Sequence[Range]) -> list[bytes]:
    """The roots of nodes of one tree, in one pass over its leaf hashes and little memory.

    A node is named by its run of leaves; the tree ends where the last of the nodes does. As many
    as are wanted can be asked for at once, of several proofs too, in any order.
    """
    size = max((end for _, end in ranges), default=0)
    wanted, ends = set(ranges), {end for _, end in ranges}
    found: dict[Range, bytes] = {}
    edge: list[tuple[int, bytes]] = []
    taken = 0
    for position, digest in enumerate(islice(digests, size)):
        taken += 1
        start, node, is_end = position, digest, position + 1 in ends
        if is_end and (start, position + 1) in wanted:
            found[start, position + 1] = node
        count = position
        while count & 1:
            start, left = edge.pop()
            node = node_hash(left, node)
            count >>= 1
            if is_end and (start, position + 1) in wanted:
                found[start, position + 1] = node
        edge.append((start, node))
    assert taken == size, "there are fewer leaves than the tree has"
    for start, end in wanted - found.keys():  # only a node at the tree's right edge is not whole
        assert end == size
        found[start, end] = _folded([node for first, node in edge if first >= start])
    return [found[one] for one in ranges]


def _folded(edge: Sequence[bytes]) -> bytes:
    root = edge[-1]
    for left in reversed(edge[:-1]):
        root = node_hash(left, root)
    return root


def inclusion_holds(
    *, leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes
) -> bool:
    """T2: whether a proof shows that a leaf's hash stands at ``index`` (from 0) in a tree."""
    if not 0 <= index < size or len(leaf) != HASH_BYTES:
        return False
    node, last, digest = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if node & 1 or node == last:
            digest = node_hash(sibling, digest)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            digest = node_hash(digest, sibling)
        node, last = node >> 1, last >> 1
    return last == 0 and digest == root


def consistency_holds(
    *, old: int, old_root: bytes, size: int, root: bytes, proof: Sequence[bytes]
) -> bool:
    """T3: whether a proof shows that the tree of ``size`` leaves begins with the old tree."""
    if not 0 < old <= size:
        return False
    if old == size:
        return not proof and old_root == root
    path = list(proof) if old & (old - 1) else [old_root, *proof]
    return bool(path) and _both_roots(path, old, size) == (old_root, root)


def _both_roots(path: Sequence[bytes], old: int, size: int) -> tuple[bytes, bytes] | None:
    """The old and the new root that a consistency proof leads to, or None if it is malformed."""
    node, last = old - 1, size - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    first = second = path[0]
    for sibling in path[1:]:
        if last == 0:
            return None
        if node & 1 or node == last:
            first, second = node_hash(sibling, first), node_hash(sibling, second)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            second = node_hash(second, sibling)
        node, last = node >> 1, last >> 1
    return (first, second) if last == 0 else None


@dataclass(frozen=True, slots=True)
class Surveyed:
    """What a walk over all stored leaves found: how many, their root and the chain's head."""

    size: int
    root: bytes
    chain: bytes


def survey(
    leaves: Iterable[tuple[int, bytes, bytes, bytes]], *, before: Surveyed | None = None
) -> Surveyed:
    """T5: hash every leaf again, follow the chain, and meet the last checkpoint on the way.

    ``leaves`` are number, stored bytes, leaf hash and chain of each journal in order.

    Raises:
        HistoryChanged: naming the first journal that does not fit.
    """
    tree, chain = Tree(), CHAIN_START
    for number, leaf, digest, stored in leaves:
        chain = hashlib.sha256(b"\x02" + chain + digest).digest()
        if number != tree.size + 1:
            raise _changed(f"Journal {tree.size + 1} is missing.")
        if leaf_hash(leaf) != digest or chain != stored:
            raise _changed(f"The bytes of journal {number} do not match their hash.")
        tree.add(digest)
        if before and number == before.size and (tree.root(), chain) != (before.root, before.chain):
            raise _changed(f"Journals 1 to {number} are not those of the last checkpoint.")
    if before and tree.size < before.size:
        raise _changed(f"Only {tree.size} of {before.size} journals that were signed are left.")
    return Surveyed(tree.size, tree.root(), chain)


def _changed(facts: str) -> HistoryChanged:
    return HistoryChanged(
        facts, remedy="Stop payments, keep the disk as it is, and compare with the newest backup."
    )
