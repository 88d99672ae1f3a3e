"""The program of a witness: it signs as C2SP says, remembers, and refuses another history."""

from __future__ import annotations

import base64
import json
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ledger.audit import rules
from scripts import witness_books

SEED = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
ORIGIN = "ledger.test/MAIN"
NAME = "street.example"


class Books:
    """A service as a witness meets it: whatever history it is told to show."""

    def __init__(self, leaves: list[bytes], seed: bytes = SEED) -> None:
        self.leaves, self.seed = leaves, seed
        self.sent: list[str] = []

    @property
    def digests(self) -> list[bytes]:
        return [rules.leaf_hash(one) for one in self.leaves]

    def note(self) -> str:
        surveyed = rules.Surveyed(len(self.leaves), rules.root_of(self.digests), bytes(32))
        body = rules.checkpoint_body(origin=ORIGIN, surveyed=surveyed)
        return rules.signed_note(body, name=ORIGIN, seed=self.seed)

    def ask(self, path: str, body: bytes | None) -> bytes:
        if path == "/checkpoint.key":
            return rules.verifier_key(ORIGIN, rules.public_key(self.seed)).encode()
        if path == "/checkpoint.txt":
            return self.note().encode()
        if "consistency" in path:
            old = int(path.rpartition("=")[2])
            ranges = rules.consistency_ranges(old, len(self.leaves))
            hashes = [one.hex() for one in rules.range_roots(self.digests, ranges)]
            return json.dumps({"hashes": hashes}).encode()
        assert body is not None
        self.sent.append(json.loads(body)["note"])
        return b'{"cosigned": 1, "of": 3}'


@pytest.fixture
def run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[[Books], tuple[int, str]]:
    def look(books: Books) -> tuple[int, str]:
        monkeypatch.setattr(witness_books, "asker", lambda _url: books.ask)
        arguments = ["https://ledger.test", "--name", NAME, "--folder", str(tmp_path / "kept")]
        status = witness_books.main(arguments)
        return status, capsys.readouterr().out.splitlines()[-1]

    return look


def leaves(count: int, word: str = "leaf") -> list[bytes]:
    return [f"{word} {number}".encode() for number in range(count)]


def test_it_signs_as_every_other_ed25519_does() -> None:
    for number in range(8):
        seed = bytes([number]) * 32
        private = Ed25519PrivateKey.from_private_bytes(seed)
        assert witness_books.public_half(seed) == private.public_key().public_bytes_raw()
        message = b"m" * number
        assert witness_books.ed25519_sign(seed, message) == private.sign(message)


def test_what_it_signs_is_a_co_signature(
    run: Callable[..., tuple[int, str]], tmp_path: Path
) -> None:
    books = Books(leaves(5))
    assert run(books) == (0, "CO-SIGNED: 1 of 3 witnesses have co-signed it.")
    seed = bytes.fromhex((tmp_path / "kept" / "witness.key").read_text())
    line = witness_books.key_line(NAME, witness_books.public_half(seed))
    key = rules.read_key(line, kind=rules.COSIGNS)
    body, lines = rules.split_note(books.sent[0])
    assert len(lines) == 2
    found = rules.cosignature(lines[1], body=body, key=key)
    assert found is not None
    assert found.line == lines[1]
    assert rules.read_checkpoint(books.sent[0], public=rules.public_key(SEED))[0] == ORIGIN
    assert stat.S_IMODE((tmp_path / "kept" / "witness.key").stat().st_mode) == 0o600


def test_it_goes_on_with_books_that_only_added(run: Callable[..., tuple[int, str]]) -> None:
    for count in (3, 3, 4, 9, 16):
        status, said = run(Books(leaves(count)))
        assert (status, said[:9]) == (0, "CO-SIGNED")


@pytest.mark.parametrize("count", [3, 5, 8, 11, 4])
def test_it_signs_no_history_but_the_one_it_knows(
    run: Callable[..., tuple[int, str]], tmp_path: Path, count: int
) -> None:
    run(Books(leaves(5)))
    forged = Books(leaves(5))
    forged.leaves = [b"forged", *leaves(count)[1:]]
    status, said = run(forged)
    assert (status, forged.sent) == (1, [])
    assert "HISTORY WAS CHANGED" in said
    assert (tmp_path / "kept" / f"refused-{count}.txt").read_text() == forged.note()
    status, _ = run(Books(leaves(6)))
    assert status == 0, "it still knows the true history"


def test_books_under_another_key_are_not_looked_at(run: Callable[..., tuple[int, str]]) -> None:
    run(Books(leaves(5)))
    status, said = run(Books(leaves(6), seed=bytes(32)))
    assert (status, "no signature by the key" in said) == (1, True)


def test_a_proof_of_the_wrong_form_shows_nothing(run: Callable[..., tuple[int, str]]) -> None:
    run(Books(leaves(5)))

    class Short(Books):
        def ask(self, path: str, body: bytes | None) -> bytes:
            if "consistency" in path:
                return b'{"hashes": ["00"]}'
            return super().ask(path, body)

    status, said = run(Short(leaves(9)))
    assert (status, "HISTORY WAS CHANGED" in said) == (1, True)


@pytest.mark.parametrize(
    "url", ["http://ledger.test", "ftp://127.0.0.1", "file:///etc/passwd", "ledger.test"]
)
def test_it_asks_only_by_https_or_on_this_machine(url: str) -> None:
    with pytest.raises(witness_books.Fault, match="neither https"):
        witness_books.asker(url)


def test_a_name_is_one_plain_word_and_a_key_file_is_a_key(tmp_path: Path) -> None:
    with pytest.raises(witness_books.Fault, match="cannot name a witness"):
        witness_books.Witness(tmp_path, "two words")
    (tmp_path / "witness.key").write_text("nothing")
    with pytest.raises(witness_books.Fault, match="does not hold a key"):
        witness_books.Witness(tmp_path, NAME)


def test_its_own_judge_of_consistency_agrees_with_the_published_vectors() -> None:
    file = Path(__file__).parents[1] / "files" / "transparency_vectors.json"
    vectors = json.loads(file.read_text())["consistency"]

    def head(size: int, root: str | None) -> witness_books.Checkpoint:
        made = object.__new__(witness_books.Checkpoint)
        made.size, made.root = size, base64.b64decode(root or "")
        return made

    for one in vectors:
        holds = witness_books.only_added(
            head(one["size1"], one["root1"]), head(one["size2"], one["root2"]),
            [base64.b64decode(digest) for digest in one["proof"] or []],
        )  # fmt: skip
        assert holds is not one["wantErr"], one["name"]
    assert len(vectors) == 98
