"""The proofs against every vector that Certificate Transparency implementations publish.

196 of them, the good and the bent, come from the file named below as they were published; its
first line names their source. The key and note are the example of C2SP signed-note.
"""

from __future__ import annotations

import base64
import json
import math
from pathlib import Path
from typing import Any

import pytest

from ledger.audit import rules
from ledger.audit.rules import COSIGNS, NotAKey, read_key
from scripts import verify_books

PUBLISHED = json.loads(
    (Path(__file__).parents[1] / "files" / "transparency_vectors.json").read_text()
)
LEVELS = [  # every node of the published tree of eight leaves, by level
    [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "0298d122906dcfc10892cb53a73992fc5b9f493ea4c9badb27b791b4127a7fe7",
        "07506a85fd9dd2f120eb694f86011e5bb4662e5c415a62917033d4a9624487e7",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "4271a26be0d8a84f0bd54c8c302e7cb3a3b5d1fa6780a40bcce2873477dab658",
        "b08693ec2e721597130641e8211e7eedccb4c26413963eee6c1e2ed16ffb1a5f",
        "46f6ffadd3d06a09ff3c5860d2755c8b9819db7df44251788c7d8e3180de8eb1",
    ],
    [
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
    ],
    [
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    ["5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"],
]
DIGESTS = [bytes.fromhex(one) for one in LEVELS[0]]
ROOT = bytes.fromhex(LEVELS[3][0])
EXAMPLE_KEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
EXAMPLE_NOTE = (
    "This is an example message.\n\n\u2014 example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2"
    "ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
)


def raw(published: str | None) -> bytes:
    return base64.b64decode(published or "")


def test_there_are_as_many_vectors_as_were_published() -> None:
    good = [one for kind in ("inclusion", "consistency") for one in PUBLISHED[kind]
            if not one["wantErr"]]  # fmt: skip
    assert "transparency-dev/merkle" in PUBLISHED["source"]
    assert (len(PUBLISHED["inclusion"]), len(PUBLISHED["consistency"])) == (98, 98)
    assert 0 < len(good) < 196


@pytest.mark.parametrize("vector", PUBLISHED["inclusion"], ids=lambda one: one["name"])
def test_an_inclusion_proof_is_judged_as_published(vector: dict[str, Any]) -> None:
    holds = rules.inclusion_holds(
        leaf=raw(vector["leafHash"]), index=vector["leafIdx"], size=vector["treeSize"],
        root=raw(vector["root"]), proof=[raw(one) for one in vector["proof"] or []],
    )  # fmt: skip
    assert holds is not vector["wantErr"]


@pytest.mark.parametrize("vector", PUBLISHED["consistency"], ids=lambda one: one["name"])
def test_a_consistency_proof_is_judged_as_published(vector: dict[str, Any]) -> None:
    holds = rules.consistency_holds(
        old=vector["size1"], old_root=raw(vector["root1"]), size=vector["size2"],
        root=raw(vector["root2"]), proof=[raw(one) for one in vector["proof"] or []],
    )  # fmt: skip
    assert holds is not vector["wantErr"]


def test_every_node_of_the_published_tree_is_ours() -> None:
    for level, nodes in enumerate(LEVELS):
        width = 1 << level
        runs = [(at * width, (at + 1) * width) for at in range(len(nodes))]
        assert [one.hex() for one in rules.range_roots(DIGESTS, runs)] == nodes


@pytest.mark.parametrize("index", range(8))
def test_no_proof_in_the_published_tree_is_longer_than_it_need_be(index: int) -> None:
    proof = rules.range_roots(DIGESTS, rules.inclusion_ranges(index, 8))
    assert len(proof) <= math.ceil(math.log2(8))
    facts = {"leaf": DIGESTS[index], "index": index, "size": 8, "root": ROOT}
    assert rules.inclusion_holds(proof=proof, **facts)
    assert not rules.inclusion_holds(proof=proof[::-1], **facts)


def test_the_published_note_is_read_with_its_published_key() -> None:
    key = read_key(EXAMPLE_KEY)
    body, lines = rules.split_note(EXAMPLE_NOTE)
    signature = key.signature_in(lines[0])
    assert (key.name, key.line) == ("example.com/foo", EXAMPLE_KEY)
    assert signature is not None
    assert rules.ed25519_holds(key.public, body.encode(), signature)
    assert not rules.ed25519_holds(key.public, body.encode() + b" ", signature)
    assert verify_books.read_key(EXAMPLE_KEY) == (key.name, key.public)


@pytest.mark.parametrize(
    "line",
    ["", "x", "a b+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", EXAMPLE_KEY[:-4],
     EXAMPLE_KEY.replace("530d", "530e"), EXAMPLE_KEY.replace("foo", "fop"), EXAMPLE_KEY + "!"],
)  # fmt: skip
def test_a_bent_key_is_refused(line: str) -> None:
    with pytest.raises(NotAKey):
        read_key(line)


def test_a_key_is_for_one_thing() -> None:
    with pytest.raises(NotAKey, match="one for co-signing"):
        read_key(EXAMPLE_KEY, kind=COSIGNS)
    witness = rules.NoteKey("witness.example/w1", bytes(32), COSIGNS)
    assert read_key(witness.line, kind=COSIGNS) == witness
    with pytest.raises(NotAKey, match="not one that signs notes"):
        read_key(witness.line)
