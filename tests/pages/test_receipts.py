"""Receipts for a promise, a booking and a dividend: to print, to keep, and to prove anywhere (T10)."""

from __future__ import annotations

import base64
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from ledger.audit import queries as audit_queries
from ledger.audit import rules
from ledger.audit import service as audit
from ledger.dividends import service as dividends
from ledger.exports import checkpoints, signing, witnessing
from ledger.kernel.clock import FixedClock
from ledger.kernel.db import transact, transaction
from scripts import verify_books
from tests import dividing, hall
from tests.cast import Place
from tests.owner import as_owner
from tests.pledging import Stage
from tests.witnesses import Witness

SignIn = Callable[[FlaskClient, str], FlaskClient]
Api = Callable[[str], FlaskClient]
STREET = ("lane-end.example/w", "river.example/w", "otherton.example/w")


def sign(place: Place, clock: FixedClock) -> audit_queries.CheckpointRow:
    return checkpoints.make(book=place.book, reason="daily", made_by="job:x", now=clock.now())


def promised(place: Place, clock: FixedClock) -> tuple[Stage, str]:
    """The resident promises twenty pounds and pays twelve of them ahead."""
    stage = Stage(place, clock)
    pledge = stage.open()
    mine = stage.join(pledge, place.people["resident"], 2_000).commitment
    stage.pay(mine, 1_200, "BANK 1")
    return stage, mine


def booked(place: Place, clock: FixedClock) -> str:
    let = hall.open_hall(place, now=clock.now())
    booking = let.book(now=clock.now(), count=2, every_weeks=1)
    let.confirm(booking, now=clock.now())
    return booking


def awarded(place: Place, **changed: Any) -> tuple[dividing.Deal, str]:
    deal = dividing.running(place, **changed)
    determination = dividing.proposed(deal)
    dividing.decided(deal, determination)
    transact(
        lambda s: dividends.release(
            s, determination=determination, actor=dividing.JOB, now=dividing.NOW
        )
    )
    return deal, determination


def proved(text: str, key: str, **options: Any) -> tuple[list[str], list[str]]:
    said: list[str] = []
    faults = verify_books.verify_receipt(text, key=key, say=said.append, **options)
    return faults, said


def test_a_promise_has_a_receipt_that_proves_itself_anywhere(
    place: Place, clock: FixedClock, client: FlaskClient, sign_in: SignIn, tmp_path: Path
) -> None:
    _, mine = promised(place, clock)
    resident = sign_in(client, "resident")
    waiting = resident.get(f"/receipts/{mine}").text
    assert "will be signed tonight" in waiting
    assert resident.get(f"/receipts/{mine}.txt").status_code == 404
    row = sign(place, clock)
    assert f"/receipts/{mine}" in resident.get(f"/my/promises/{mine}").text
    page = resident.get(f"/receipts/{mine}").text
    for words in ("It is in the books", "Promise counted", "£20", "£12", "<svg", mine):
        assert words in page
    file = resident.get(f"/receipts/{mine}.txt")
    assert f"receipt-{mine}.txt" in file.headers["Content-Disposition"]
    (tmp_path / "receipt.txt").write_bytes(file.data)
    (tmp_path / "verify_books.py").write_bytes(client.get("/verify_books.py").data)
    done = subprocess.run(
        [sys.executable, "-I", "verify_books.py", "receipt.txt", "--key", row.key_line],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    lines = done.stdout.splitlines()
    assert (done.returncode, lines[-1]) == (0, "PROVEN"), done.stdout + done.stderr
    assert "2 March 2026: promise counted, £20.00, for PLG-" in lines[0]
    assert any("paid ahead, £12.00" in line for line in lines)
    assert f"entries that {row.origin} has signed" in lines[-2]


@pytest.mark.parametrize("engine_name", ["sqlite"])  # the text is the same, and this is long
def test_one_changed_character_anywhere_is_found(place: Place, clock: FixedClock) -> None:
    """Every place of the text, each with a random bit: by the verifier and by the service."""
    _, mine = promised(place, clock)
    row = sign(place, clock)
    street = [Witness(name) for name in STREET[:2]]
    text = cosigned_receipt(place, clock, row, street, mine)
    keys = [one.key.line for one in street]
    assert proved(text, row.key_line, witnesses=keys)[0] == []
    raw, chance = text.encode(), random.Random(162)
    structure = {at for at, byte in enumerate(raw) if byte in b"\n =+\xe2\x80\x94"}
    places = sorted(structure | set(chance.sample(range(len(raw)), 250)))
    missed = []
    for at in places:
        bent = bytearray(raw)
        bent[at] ^= 1 << chance.randrange(8)
        try:
            faults, _ = proved(bytes(bent).decode(), row.key_line, witnesses=keys, needed=2)
        except UnicodeDecodeError:
            continue  # it cannot even be read as a text
        if not faults:
            missed.append(at)
    cut = [size for size in range(0, len(raw) - 1, 7)
           if not proved(raw[:size].decode(errors="ignore"), row.key_line, witnesses=keys)[0]]  # fmt: skip
    print(f"COUNT receipt_flips_found={len(places) - len(missed)} of {len(places)}")
    assert missed == []
    assert all(raw[:size].endswith(b"\n") for size in cut), "only whole entries stand alone"


def cosigned_receipt(
    place: Place, clock: FixedClock, row: audit_queries.CheckpointRow, street: list[Witness],
    reference: str,
) -> str:  # fmt: skip
    def unit(session: Any) -> str:
        for one in street:
            audit.register_witness(
                session, book=place.book, called=one.key.name, key_line=one.key.line, by="PER-A",
                now=clock.now(),
            )  # fmt: skip
            note = one.cosign(row.note, books=row.public_key, at=clock.now())
            assert note is not None
            witnessing.accept(session, book=place.book, size=row.size, note=note, now=clock.now())
        return reference

    transact(unit)
    from ledger.exports import receipts

    with transaction(read_only=True) as session:
        subject = receipts.subject_for(session, reference, place.actor("auditor"))
        return receipts.receipt(session, book=place.book, subject=subject).text


def test_a_receipt_says_how_many_of_the_trusted_have_watched(
    place: Place, clock: FixedClock, client: FlaskClient
) -> None:
    _, mine = promised(place, clock)
    row = sign(place, clock)
    street = [Witness(name) for name in STREET]
    text = cosigned_receipt(place, clock, row, street[:2], mine)
    keys = [one.key.line for one in street]
    faults, said = proved(text, row.key_line, witnesses=keys)
    assert faults == []
    assert "2 of the 3 witnesses that you named" in said[-1]
    faults, _ = proved(text, row.key_line, witnesses=keys, needed=3)
    assert faults == ["2 of the 3 witnesses that you named have co-signed them, and 3 must have"]
    faults, _ = proved(text, row.key_line, witnesses=keys[2:])
    assert "0 of the 1" in faults[0]
    _, said = proved(text, row.key_line)
    assert "2 witnesses have co-signed them; name those you trust" in said[-1]
    code = signing.address_code(mine)
    assert "2 of 2 witnesses" in client.get(f"/receipts/{mine}/{code}").text


def test_a_forged_checkpoint_proves_nothing_to_whoever_trusts_the_street(
    place: Place, clock: FixedClock
) -> None:
    """The books' own key signs a forged receipt; without the witnesses it would be proved."""
    _, mine = promised(place, clock)
    row = sign(place, clock)
    street = [Witness(name) for name in STREET[:2]]
    text = cosigned_receipt(place, clock, row, street, mine)
    leaf = rules.read_receipt(text, public=row.public_key)[0].leaf.replace(b",2000,", b",9000,")
    forged = rules.Surveyed(1, rules.leaf_hash(leaf.replace(b'"seq":1', b'"seq":1')), bytes(32))
    leaf = leaf.replace(b'"seq":' + str(rules.said(leaf).seq).encode(), b'"seq":1')
    forged = rules.Surveyed(1, rules.leaf_hash(leaf), bytes(32))
    body = rules.checkpoint_body(origin=row.origin, surveyed=forged)
    note = rules.signed_note(body, name=row.origin, seed=signing.seed())
    bent = rules.receipt_text([rules.Proved(leaf, 0, ())], note=note)
    assert proved(bent, row.key_line)[0] == []
    keys = [one.key.line for one in street]
    assert "0 of the 2 witnesses" in proved(bent, row.key_line, witnesses=keys)[0][0]


def test_a_booking_has_a_receipt_for_the_group_and_for_the_paper(
    place: Place, clock: FixedClock, client: FlaskClient, sign_in: SignIn
) -> None:
    booking = booked(place, clock)
    row = sign(place, clock)
    organiser = sign_in(client.application.test_client(), "organiser")
    assert f"/receipts/{booking}" in organiser.get(f"/bookings/{booking}").text
    page = organiser.get(f"/receipts/{booking}").text
    assert "Choir practice" in page
    assert page.count("Booking confirmed") == 2
    text = organiser.get(f"/receipts/{booking}.txt").text
    faults, said = proved(text, row.key_line)
    assert faults == []
    assert "booking confirmed, £10.00" in said[0]
    assert client.get(f"/receipts/{booking}").status_code == 404
    code = signing.address_code(booking)
    assert client.get(f"/receipts/{booking}/{code}").status_code == 200
    assert client.get(f"/receipts/{booking}/{code}.txt").text == text
    wrong = code[:-1] + ("A" if code[-1] != "A" else "B")
    assert client.get(f"/receipts/{booking}/{wrong}").status_code == 404


def test_a_dividend_has_a_receipt_for_everybody(
    place: Place, clock: FixedClock, client: FlaskClient
) -> None:
    deal, determination = awarded(place)
    row = sign(place, clock)
    assert f"/receipts/{determination}" in client.get(f"/agreements/{deal.agreement}").text
    page = client.get(f"/receipts/{determination}").text
    assert "Dividend awarded" in page
    assert "£9,939.60" in page
    faults, said = proved(client.get(f"/receipts/{determination}.txt").text, row.key_line)
    assert faults == []
    assert "dividend awarded, £9,939.60" in said[0]
    assert "saving recognised, £19,879.20 of saving" in said[1]


def test_a_dividend_from_small_counts_is_for_those_who_may_know_them(
    place: Place, clock: FixedClock, client: FlaskClient, api: Api
) -> None:
    _, determination = awarded(place, after=3)
    sign(place, clock)
    assert client.get(f"/receipts/{determination}").status_code == 404
    assert client.get(f"/api/v1/proofs/{determination}").status_code == 404
    assert api("officer").get(f"/api/v1/proofs/{determination}").json["holds"] is True


@pytest.mark.parametrize(
    ("part", "status"),
    [("resident", 200), ("organiser", 200), ("officer", 200), ("auditor", 200),
     ("resident2", 404), ("broker", 404), ("analyst", 404)],
)  # fmt: skip
def test_a_promise_is_for_its_giver_the_group_and_the_council(
    place: Place, clock: FixedClock, api: Api, part: str, status: int
) -> None:
    _, mine = promised(place, clock)
    sign(place, clock)
    assert api(part).get(f"/api/v1/proofs/{mine}").status_code == status


def test_the_api_gives_the_same_receipt_for_all_three(
    place: Place, clock: FixedClock, client: FlaskClient, api: Api
) -> None:
    _, mine = promised(place, clock)
    waiting = api("resident").get(f"/api/v1/proofs/{mine}").json
    assert (waiting["holds"], waiting["text"], len(waiting["waiting"])) == (False, "", 3)
    booking = booked(place, clock)
    row = sign(place, clock)
    _, determination = awarded(place)
    later = sign(place, clock)
    assert later.size > row.size
    for reference, part in ((mine, "resident"), (booking, "organiser"), (determination, "head")):
        found = api(part).get(f"/api/v1/proofs/{reference}").json
        assert (found["holds"], found["key"], found["waiting"]) == (True, row.key_line, [])
        assert proved(found["text"], found["key"])[0] == []
        path = found["address"].removeprefix("http://127.0.0.1:8000")
        assert client.get(path + ".txt").text == found["text"]
        code = path.rpartition("/")[2]
        assert client.get(f"/api/v1/proofs/{reference}?code={code}").json == found
    assert client.get(f"/api/v1/proofs/{mine}?code=WRONG").status_code == 404
    for odd in ("PLG-1", "CMT-NONE", "DET-NONE", "BKG-NONE", "X"):
        assert api("officer").get(f"/api/v1/proofs/{odd}").status_code == 404


def test_a_receipt_from_books_that_were_bent_says_that_it_does_not_hold(
    place: Place, clock: FixedClock, client: FlaskClient, sign_in: SignIn
) -> None:
    _, mine = promised(place, clock)
    sign(place, clock)
    with as_owner() as run:
        (leaf,) = run("SELECT leaf FROM journal WHERE id = ?", f"{mine}:1:promise")[0]
        bent = bytes(leaf).replace(b",2000,", b",9000,")
        run("UPDATE journal SET leaf = ? WHERE id = ?", bent, f"{mine}:1:promise")
    page = sign_in(client, "resident").get(f"/receipts/{mine}").text
    assert "This receipt does not hold" in page
    assert "It is in the books" not in page


def test_a_receipt_of_the_wrong_form_is_refused_in_words(place: Place, clock: FixedClock) -> None:
    _, mine = promised(place, clock)
    row = sign(place, clock)
    text = cosigned_receipt(place, clock, row, [], mine)
    first = text[: text.index("c2sp.org", 1)]
    assert proved(first, row.key_line)[0] == [], "each entry stands alone"
    assert "give it with --key" in proved(text, "")[0][0]
    other = rules.verifier_key("elsewhere/MAIN", bytes(32))
    assert "no signature by the key" in proved(text, other)[0][0]
    for bent in ("", text + "x", text[1:], first.replace("index ", "index 0"), first[:-1]):
        assert proved(bent, row.key_line)[0]
        with pytest.raises((rules.NotAReceipt, rules.NotACheckpoint)):
            rules.read_receipt(bent, public=row.public_key)
    entry = rules.read_receipt(first, public=row.public_key)[0]
    moved = rules.receipt_text([rules.Proved(b"{}", entry.index, entry.proof)], note=row.note)
    assert "cannot be read" in proved(moved, row.key_line)[0][0]
    with pytest.raises(rules.NotAReceipt, match="not in the books"):
        rules.read_receipt(moved, public=row.public_key)
    spare = first.splitlines()[1]
    odd = base64.b64encode(entry.leaf + b"\x00" * (2 - len(entry.leaf) % 3)).decode()
    assert spare != odd
    with pytest.raises(rules.NotAReceipt, match="does not hold a journal"):
        rules.said(b"[]")
