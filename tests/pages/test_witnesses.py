"""Witnesses from outside to inside: registered, co-signing over HTTP, and shown to everybody."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from ledger.audit import queries, rules
from ledger.books import service as books
from ledger.books.rules import AccountSpec, JournalSpec, credit, debit
from ledger.exports import checkpoints, signing
from ledger.kernel.clock import FixedClock
from ledger.kernel.db import transact, transaction
from tests.cast import Place
from tests.witnesses import Witness

SignIn = Callable[[FlaskClient, str], FlaskClient]
Api = Callable[[str], FlaskClient]
STREET, TOWN = "lane-end.example/w", "otherton.example/w"


@pytest.fixture
def signed(place: Place, clock: FixedClock) -> queries.CheckpointRow:
    """Three journals under a checkpoint."""
    specs = [AccountSpec("Assets:Bank"), AccountSpec("Income:Gifts")]
    transact(lambda s: books.open_accounts(s, book=place.book, specs=specs))
    return more(place, clock, 3)


def more(place: Place, clock: FixedClock, count: int) -> queries.CheckpointRow:
    def unit(session: Any) -> None:
        seq = books_seq(session, place.book)
        gifts = [
            JournalSpec(
                id=f"gift-{seq + number}", kind="receipt", maker="PER-A",
                effective_on=clock.now().date(),
                legs=(debit("Assets:Bank", 5), credit("Income:Gifts", 5)),
            )
            for number in range(count)
        ]  # fmt: skip
        books.post_many(session, book=place.book, specs=gifts, now=clock.now())

    transact(unit)
    return checkpoints.make(book=place.book, reason="daily", made_by="job:x", now=clock.now())


def books_seq(session: Any, book: int) -> int:
    from ledger.books import queries as book_queries

    return book_queries.head(session, book).next_seq


def test_an_officer_registers_a_witness_whom_everybody_sees(
    signed: queries.CheckpointRow, client: FlaskClient, sign_in: SignIn
) -> None:
    assert "Nobody outside the council co-signs" in client.get("/witnesses").text
    assert "Register a witness" not in client.get("/witnesses").text
    officer = sign_in(client.application.test_client(), "officer")
    key = Witness(STREET).key.line
    answer = officer.submit("/witnesses/new", {"called": "Lane End group", "key": key})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/witnesses")
    page = client.get("/witnesses").text
    assert "Lane End group" in page
    assert key in page.replace("&#43;", "+")
    assert "0 of 1 witness" in client.get("/checkpoint").text
    again = officer.submit("/witnesses/new", {"called": "Lane End group", "key": key})
    assert (again.status_code, "registered as" in again.text) == (422, True)
    bent = officer.submit("/witnesses/new", {"called": "X", "key": key[:-1]})
    assert (bent.status_code, "not a line of a name" in bent.text) == (422, True)
    empty = officer.submit("/witnesses/new", {})
    assert "Enter who the witness is" in empty.text
    assert "Enter the witness’s public key" in empty.text


def test_a_witness_is_ended_with_a_reason_that_everybody_reads(
    signed: queries.CheckpointRow, client: FlaskClient, sign_in: SignIn, api: Api
) -> None:
    made = api("administrator").post(
        "/api/v1/witnesses", json={"called": "Lane End group", "key": Witness(STREET).key.line}
    )
    where = f"/witnesses/{made.json['id']}/end"
    admin = sign_in(client, "administrator")
    assert "cannot be undone" in admin.get(where).text
    assert admin.submit(where, {}).status_code == 422
    assert admin.submit(where, {"reason": "It moved away"}).status_code == 303
    assert "It moved away" in client.get("/witnesses").text
    again = admin.submit(where, {"reason": "Once more"})
    assert (again.status_code, "has ended" in again.text) == (422, True)


def test_two_of_three_co_sign_over_the_api_without_signing_in(
    signed: queries.CheckpointRow, client: FlaskClient, api: Api, place: Place, clock: FixedClock
) -> None:
    street = [Witness(name) for name in (STREET, TOWN, "river.example/w")]
    for one in street:
        body = {"called": f"People of {one.key.name}", "key": one.key.line}
        assert api("officer").post("/api/v1/witnesses", json=body).status_code == 201
    client.keyed = True  # type: ignore[attr-defined]
    where = f"/api/v1/checkpoints/{signed.size}/cosignatures"
    assert client.get(where).json["needed"] == 2
    for count, one in enumerate(street[:2], start=1):
        note = one.cosign(signed.note, books=signed.public_key, at=clock.now())
        answer = client.post(where, json={"note": note})
        assert (answer.status_code, answer.json["cosigned"], answer.json["of"]) == (201, count, 3)
    assert client.get(where).json["is_witnessed"] is True
    page = client.get("/checkpoint").text
    assert "2 of 3 witnesses" in page
    assert "Witnessed" in page
    text = client.get("/checkpoint.txt").text
    assert text == client.get(f"/checkpoints/{signed.size}.txt").text
    assert (text.startswith(signed.note), len(text.splitlines())) == (True, 8)
    later = more(place, clock, 2)
    assert "2 of 3" in client.get("/checkpoints").text
    assert "The checkpoint of 3 journals" in client.get(f"/checkpoints/{signed.size}").text
    proof = client.get(f"/api/v1/checkpoints/{later.size}/consistency?old={signed.size}").json
    hashes = [bytes.fromhex(one) for one in proof["hashes"]]
    note = street[0].cosign(later.note, books=later.public_key, at=clock.now(), proof=hashes)
    answer = client.post(f"/api/v1/checkpoints/{later.size}/cosignatures", json={"note": note})
    assert (answer.status_code, answer.json["is_witnessed"]) == (201, False)


def test_two_histories_are_refused_and_the_evidence_is_kept(
    signed: queries.CheckpointRow, client: FlaskClient, api: Api, clock: FixedClock
) -> None:
    street = Witness(STREET, forgets=True)
    body = {"called": "Lane End group", "key": street.key.line}
    api("officer").post("/api/v1/witnesses", json=body)
    forged = rules.Surveyed(signed.size, bytes(32), signed.chain)
    words = rules.checkpoint_body(origin=signed.origin, surveyed=forged)
    other = rules.signed_note(words, name=signed.origin, seed=signing.seed())
    shown = street.cosign(other, books=signed.public_key, at=clock.now())
    client.keyed = True  # type: ignore[attr-defined]
    where = f"/api/v1/checkpoints/{signed.size}/cosignatures"
    answer = client.post(where, json={"note": shown})
    assert (answer.status_code, answer.json["code"]) == (409, "audit.fork_found")
    with transaction(read_only=True) as session:
        (event,) = queries.events(session, action="checkpoint.fork")
    assert event.facts["shown"] == shown
    assert client.get(where).json["items"] == []
    stranger = Witness(TOWN).cosign(signed.note, books=signed.public_key, at=clock.now())
    assert client.post(where, json={"note": stranger}).json["code"] == "audit.not_witnessed"
    assert client.post("/api/v1/checkpoints/99/cosignatures", json={"note": "x"}).status_code == 404


def test_the_history_of_checkpoints_is_read_in_pages(
    signed: queries.CheckpointRow, client: FlaskClient, place: Place, clock: FixedClock
) -> None:
    for _ in range(52):
        more(place, clock, 1)
    first = client.get("/checkpoints").text
    assert "/checkpoints/55.txt" in first
    assert "/checkpoints/5.txt" not in first
    older = first.split('href="/checkpoints?after=')[1].split('"')[0]
    assert "/checkpoints/5.txt" in client.get(f"/checkpoints?after={older}").text
    assert client.get("/checkpoints/54").status_code == 200
    assert client.get("/checkpoints/1").status_code == 404


def test_both_programs_are_there_to_take_home_and_run(client: FlaskClient, tmp_path: Path) -> None:
    for name in ("witness_books.py", "verify_books.py"):
        (tmp_path / name).write_bytes(client.get(f"/{name}").data)
    done = subprocess.run(
        [sys.executable, "witness_books.py", "http://127.0.0.1:9", "--name", "a.example"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    assert "cannot be reached" in done.stdout.splitlines()[-1]
