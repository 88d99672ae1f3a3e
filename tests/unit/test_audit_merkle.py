"""The tree and its proofs against published vectors, and against a plain recursive definition."""

from __future__ import annotations

import base64
import hashlib
import math
import random

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.audit import rules

# Leaves and roots as Certificate Transparency implementations publish them.
LEAVES = [bytes.fromhex(leaf) for leaf in (
    "", "00", "10", "2021", "3031", "40414243", "5051525354555657",
    "606162636465666768696a6b6c6d6e6f",
)]  # fmt: skip
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
INCLUSION = {  # (index from 0, size): path, from the same publication
    (0, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (5, 8): [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 3): ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"],
    (1, 5): [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}
CONSISTENCY = {
    (1, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (6, 8): [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 5): [
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}
HASHES = [rules.leaf_hash(leaf) for leaf in LEAVES]
SEED = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
SURVEYED = rules.Surveyed(8, bytes.fromhex(ROOTS[7]), bytes(32))


def _plain_root(digests: list[bytes]) -> bytes:
    if len(digests) == 1:
        return digests[0]
    below = 1
    while below * 2 < len(digests):
        below *= 2
    return rules.node_hash(_plain_root(digests[:below]), _plain_root(digests[below:]))


def _many(count: int) -> list[bytes]:
    return [hashlib.sha256(str(number).encode()).digest() for number in range(count)]


@pytest.mark.parametrize("size", range(1, 9))
def test_roots_are_those_that_certificate_transparency_publishes(size: int) -> None:
    assert rules.root_of(HASHES[:size]).hex() == ROOTS[size - 1]


def test_the_root_of_no_leaves_is_the_hash_of_nothing() -> None:
    assert rules.root_of([]) == hashlib.sha256(b"").digest() == rules.EMPTY_ROOT


@pytest.mark.parametrize("where", INCLUSION)
def test_inclusion_proofs_are_the_published_ones(where: tuple[int, int]) -> None:
    index, size = where
    ranges = rules.inclusion_ranges(index, size)
    assert [root.hex() for root in rules.range_roots(HASHES[:size], ranges)] == INCLUSION[where]


@pytest.mark.parametrize("where", CONSISTENCY)
def test_consistency_proofs_are_the_published_ones(where: tuple[int, int]) -> None:
    old, size = where
    ranges = rules.consistency_ranges(old, size)
    assert [root.hex() for root in rules.range_roots(HASHES[:size], ranges)] == CONSISTENCY[where]


def test_every_leaf_of_every_tree_up_to_forty_is_proved_and_nothing_else_is() -> None:
    digests = _many(41)
    for size in range(1, 41):
        root = _plain_root(digests[:size])
        assert rules.root_of(digests[:size]) == root
        for index in range(size):
            proof = rules.range_roots(digests[:size], rules.inclusion_ranges(index, size))
            assert len(proof) <= math.ceil(math.log2(size)) if size > 1 else not proof
            facts = {"index": index, "size": size, "proof": proof, "root": root}
            assert rules.inclusion_holds(leaf=digests[index], **facts)
            assert not rules.inclusion_holds(leaf=digests[40], **facts)
            assert not rules.inclusion_holds(leaf=digests[index], **facts | {"root": bytes(32)})
            assert not rules.inclusion_holds(
                leaf=digests[index], **facts | {"proof": [*proof, bytes(32)]}
            )


def test_every_pair_of_trees_up_to_forty_is_consistent_and_no_forged_one_is() -> None:
    digests = _many(40)
    roots = [rules.EMPTY_ROOT, *(_plain_root(digests[:size]) for size in range(1, 41))]
    for size in range(1, 41):
        for old in range(1, size + 1):
            proof = rules.range_roots(digests[:size], rules.consistency_ranges(old, size))
            facts = {"old": old, "old_root": roots[old], "size": size, "root": roots[size],
                     "proof": proof}  # fmt: skip
            assert rules.consistency_holds(**facts)
            assert not rules.consistency_holds(**facts | {"old_root": bytes(32)})
            assert not rules.consistency_holds(**facts | {"root": bytes(32)})
            assert not rules.consistency_holds(**facts | {"proof": [*proof, bytes(32)]})
            if proof:
                assert not rules.consistency_holds(**facts | {"proof": proof[:-1]})


@pytest.mark.parametrize("index", [-1, 8])
def test_a_leaf_outside_the_tree_is_not_in_it(index: int) -> None:
    assert not rules.inclusion_holds(
        leaf=HASHES[0], index=index, size=8, proof=[], root=SURVEYED.root
    )


@pytest.mark.parametrize(("old", "size"), [(0, 8), (9, 8)])
def test_a_tree_is_not_consistent_with_a_later_or_an_empty_one(old: int, size: int) -> None:
    root = SURVEYED.root
    assert not rules.consistency_holds(old=old, old_root=root, size=size, root=root, proof=[])


@settings(max_examples=200, deadline=None)
@given(data=st.data(), size=st.integers(1, 3_000))
def test_large_trees_are_proved_in_one_pass(data: st.DataObject, size: int) -> None:
    digests = _many(size)
    index = data.draw(st.integers(0, size - 1))
    old = data.draw(st.integers(1, size))
    root = rules.root_of(digests)
    proof = rules.range_roots(iter(digests), rules.inclusion_ranges(index, size))
    assert rules.inclusion_holds(
        leaf=digests[index], index=index, size=size, proof=proof, root=root
    )
    proof = rules.range_roots(iter(digests), rules.consistency_ranges(old, size))
    assert rules.consistency_holds(
        old=old, old_root=rules.root_of(digests[:old]), size=size, root=root, proof=proof
    )


def _history(count: int) -> list[tuple[int, bytes, bytes, bytes]]:
    chain, rows = bytes(32), []
    for number in range(1, count + 1):
        leaf = f'{{"seq":{number}}}'.encode()
        digest = rules.leaf_hash(leaf)
        chain = hashlib.sha256(b"\x02" + chain + digest).digest()
        rows.append((number, leaf, digest, chain))
    return rows


def test_a_survey_meets_the_last_checkpoint_on_its_way() -> None:
    before = rules.survey(_history(5))
    after = rules.survey(_history(9), before=before)
    assert (before.size, after.size) == (5, 9)
    assert rules.survey([]) == rules.Surveyed(0, rules.EMPTY_ROOT, bytes(32))


def test_a_survey_refuses_any_change_to_what_was_signed() -> None:
    history, chance = _history(12), random.Random(3)
    before = rules.survey(history[:8])
    forged = _history(12)
    forged[2] = (3, b'{"seq":3,"forged":1}', *forged[2][2:])
    swapped = [*history[:3], history[4], history[3], *history[5:]]
    rechained = _rechain([(n, leaf + b" ") for n, leaf, _, _ in history])
    for attack, words in (
        (forged, "bytes of journal 3"),
        (swapped, "Journal 4 is missing"),
        (history[:5], "Only 5 of 8"),
        ([*history[:4], *history[5:]], "Journal 5 is missing"),
        (rechained, "not those of the last checkpoint"),
    ):
        with pytest.raises(rules.HistoryChanged, match=words):
            rules.survey(attack, before=before)
    for _ in range(200):
        number, leaf, digest, chain = history[chance.randrange(12)]
        parts = [leaf, digest, chain]
        which = chance.randrange(3)
        place = chance.randrange(len(parts[which]))
        flipped = bytearray(parts[which])
        flipped[place] ^= 1 << chance.randrange(8)
        parts[which] = bytes(flipped)
        bent = [(number, *parts) if row[0] == number else row for row in history]
        with pytest.raises(rules.HistoryChanged):
            rules.survey(bent, before=before)  # type: ignore[arg-type]


def _rechain(leaves: list[tuple[int, bytes]]) -> list[tuple[int, bytes, bytes, bytes]]:
    chain, rows = bytes(32), []
    for number, leaf in leaves:
        digest = rules.leaf_hash(leaf)
        chain = hashlib.sha256(b"\x02" + chain + digest).digest()
        rows.append((number, leaf, digest, chain))
    return rows


def test_a_checkpoint_says_what_the_form_says_and_is_signed() -> None:
    body = rules.checkpoint_body(origin="ledger.test/MAIN", surveyed=SURVEYED)
    note = rules.signed_note(body, name="ledger.test/MAIN", seed=SEED)
    public = rules.public_key(SEED)
    assert public.hex() == "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
    lines = note.split("\n")
    assert lines[:3] == ["ledger.test/MAIN", "8", base64.b64encode(SURVEYED.root).decode()]
    assert (lines[4], lines[5][:2], lines[-1]) == ("", "\u2014 ", "")
    signature = base64.b64decode(lines[5].split(" ")[2])
    assert signature[:4] == rules.key_id("ledger.test/MAIN", public)
    Ed25519PublicKey.from_public_bytes(public).verify(signature[4:], body.encode())
    assert rules.read_checkpoint(note, public=public) == ("ledger.test/MAIN", SURVEYED)


def test_a_verifier_key_is_written_as_other_tools_read_it() -> None:
    name, number, encoded = rules.verifier_key("ledger.test/MAIN", bytes(32)).split("+")
    assert (name, len(number)) == ("ledger.test/MAIN", 8)
    assert base64.b64decode(encoded) == b"\x01" + bytes(32)


def test_no_bent_checkpoint_is_read() -> None:
    body = rules.checkpoint_body(origin="ledger.test/MAIN", surveyed=SURVEYED)
    note = rules.signed_note(body, name="ledger.test/MAIN", seed=SEED)
    public = rules.public_key(SEED)
    stranger = rules.public_key(bytes(32))
    bent = [
        "", "x", note.replace("\n8\n", "\n9\n"), note.replace("\n8\n", "\nx\n"), note[:-10],
        note.replace("\n\n", "\n"), note.replace("\u2014", "-"), body + "\n\u2014 a b\n",
        body + "\n\u2014 ledger.test/MAIN !!\n",
    ]  # fmt: skip
    for text in bent:
        with pytest.raises(rules.NotACheckpoint):
            rules.read_checkpoint(text, public=public)
    with pytest.raises(rules.NotACheckpoint):
        rules.read_checkpoint(note, public=stranger)


@pytest.mark.parametrize("origin", ["", "a b", "x\ny", "é", "a" * 201])
def test_an_origin_is_one_plain_word(origin: str) -> None:
    with pytest.raises(rules.NotACheckpoint, match="cannot name a log"):
        rules.checkpoint_body(origin=origin, surveyed=SURVEYED)


JOURNAL = (
    b'{"seq":1,"effective_on":"2026-01-05","kind":"pledge.paid","id":"J-1","group":"G-1",'
    b'"reason":"Paid in","entries":[["E-1","Assets:Bank","D",500,"x","GBP"]]}'
)


def signed_books(leaf: bytes) -> str:
    surveyed = rules.Surveyed(1, rules.leaf_hash(leaf), bytes(32))
    body = rules.checkpoint_body(origin="ledger.example/MAIN", surveyed=surveyed)
    return rules.signed_note(body, name="ledger.example/MAIN", seed=SEED)


def refusal_of(words: str) -> str:
    with pytest.raises(rules.NotAReceipt) as refused:
        rules.read_receipt(words, public=rules.public_key(SEED))
    return refused.value.facts


def test_t10_a_receipt_holds_and_each_line_of_it_only_as_it_was_written() -> None:
    entry = rules.Proved(JOURNAL, 0, ())
    receipt = rules.receipt_text([entry], note=signed_books(JOURNAL))
    assert rules.read_receipt(receipt, public=rules.public_key(SEED)) == [entry]
    line = receipt.split("\n")[1]
    assert refusal_of("") == "It is empty."
    assert refusal_of(receipt.replace(line, line[:-1])) == "A line of it cannot be read."
    spare = base64.b64encode(JOURNAL + b"\n").decode()
    assert spare.endswith("=")
    bent = spare.rstrip("=")
    bent = bent[:-1] + chr(ord(bent[-1]) + 1) + "=" * spare.count("=")
    assert refusal_of(receipt.replace(line, f"extra {bent}")) == "A line of it was changed."


def test_t10_a_journal_in_signed_books_that_names_another_number_is_refused() -> None:
    moved = JOURNAL.replace(b'"seq":1', b'"seq":2')
    receipt = rules.receipt_text([rules.Proved(moved, 0, ())], note=signed_books(moved))
    assert refusal_of(receipt) == "It names another number than its place."


def test_t4_a_size_and_a_root_are_read_only_as_they_are_written() -> None:
    public = rules.public_key(SEED)
    origin, _, root, chain = signed_books(JOURNAL).split("\n")[:4]
    for size, other_root in (("01", root), ("+1", root), ("1", "AAAA")):
        body = f"{origin}\n{size}\n{other_root}\n{chain}\n"
        with pytest.raises(rules.NotACheckpoint, match="not written as it should be"):
            rules.read_checkpoint(rules.signed_note(body, name=origin, seed=SEED), public=public)
