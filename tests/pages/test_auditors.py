"""The auditor's pages and the public checkpoint: everything from any end, with its proof."""

from __future__ import annotations

import base64
import io
import re
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from ledger.audit import rules as audit_rules
from ledger.books import service as books
from ledger.books.rules import AccountSpec, JournalSpec, Leg, credit, debit
from ledger.kernel.clock import FixedClock
from ledger.kernel.db import transact
from tests.cast import Place
from tests.walking import Page

SignIn = Callable[[FlaskClient, str], FlaskClient]
BANK, GIFTS, ESCROW = "Assets:Bank", "Income:Gifts", "Liabilities:Escrow:PLG-1"


@pytest.fixture
def story(place: Place, clock: FixedClock) -> Place:
    """Sixty gifts, one hold and one release of a pledge."""

    def unit(session: Any) -> None:
        accounts = [AccountSpec(BANK, guard="D"), AccountSpec(GIFTS), AccountSpec(ESCROW)]
        books.open_accounts(session, book=place.book, specs=accounts)
        gifts = [
            JournalSpec(
                id=f"gift-{number}", kind="receipt", effective_on=date(2026, 3, 1 + number % 28),
                legs=(debit(BANK, 100 + number), credit(GIFTS, 100 + number)), maker="PER-A",
                reason="=gift", group="PLG-7K2M9QXA" if number < 2 else "",
            )
            for number in range(60)
        ]  # fmt: skip
        hold = JournalSpec(
            id="hold", kind="hold", effective_on=date(2026, 3, 2), maker="PER-A",
            legs=(Leg(BANK, "C", 40, "H"), Leg(GIFTS, "D", 40, "H")),
        )  # fmt: skip
        books.post_many(session, book=place.book, specs=[*gifts, hold], now=clock.now())

    transact(unit)
    return place


def post(browser: FlaskClient, path: str, at: str, **fields: str) -> TestResponse:
    hidden = re.findall(
        r'<input type="hidden" name="([^"]+)" value="([^"]*)">', browser.get(at).text
    )
    return browser.post(path, data={**dict(hidden), **fields})


def text_of(browser: FlaskClient, path: str, status: int = 200) -> str:
    answer = browser.get(path)
    assert answer.status_code == status, answer.text
    return answer.text


def test_the_desk_says_where_the_books_stand(
    story: Place, client: FlaskClient, sign_in: SignIn
) -> None:
    page = text_of(sign_in(client, "auditor"), "/audit")
    assert "61 journals" in page
    assert "Nothing yet" in page


def test_the_trial_balance_links_each_account_and_sums_to_zero(
    story: Place, client: FlaskClient, sign_in: SignIn
) -> None:
    auditor = sign_in(client, "auditor")
    page = text_of(auditor, "/audit/trial-balance")
    assert "/audit/statement?account=Assets:Bank" in page
    assert "<strong>£0.00</strong>" in page
    total = page[page.index("<tfoot") :]
    assert total.count("£77.70") == 2, "debits and credits, each summed"
    assert ("Held" in page, "Held" in text_of(auditor, "/audit/trial-balance?under=Liabilities")) == (
        True, False,
    )  # fmt: skip
    known = text_of(auditor, "/audit/trial-balance?known-day=1&known-month=1&known-year=2026")
    assert "Of every day, as it was known on 1 January 2026" in known
    early = text_of(auditor, "/audit/trial-balance?on-day=1&on-month=3&on-year=2026")
    assert "As at the end of 1 March 2026" in early
    assert "No account is below" in text_of(auditor, "/audit/trial-balance?under=Assets:Attic")
    wrong = auditor.get("/audit/trial-balance?on-day=31&on-month=2&on-year=2026")
    assert (wrong.status_code, "must be a real day" in wrong.text) == (422, True)


def test_a_statement_is_read_in_pages_that_join(
    story: Place, client: FlaskClient, sign_in: SignIn
) -> None:
    auditor = sign_in(client, "auditor")
    first = text_of(auditor, "/audit/statement?account=Assets:Bank")
    assert "Entries 1 to 50" in first
    second = text_of(
        auditor, "/audit/statement?account=Assets:Bank&amp;after=50".replace("amp;", "")
    )
    assert "Entries 51 to 61" in second
    assert "(held)" in second
    assert auditor.get("/audit/statement?account=Assets:Attic").status_code == 404
    assert auditor.get("/audit/statement?account=Assets:Bank&after=x").status_code == 404


def test_a_statement_of_no_account_offers_them_all(
    story: Place, client: FlaskClient, sign_in: SignIn
) -> None:
    auditor = sign_in(client, "auditor")
    asked = "on-day=1&on-month=3&on-year=2026"
    for path in ("/audit/statement", f"/audit/statement?account=+&{asked}"):
        page = auditor.get(path, follow_redirects=True)
        assert (page.status_code, "There is no account" in page.text) == (200, False)
        assert "/audit/statement?account=Assets:Bank" in page.text
    assert "As at the end of 1 March 2026" in page.text, "the day that was asked for is kept"


def test_kinds_of_journal_are_said_in_words(
    story: Place, client: FlaskClient, sign_in: SignIn
) -> None:
    auditor = sign_in(client, "auditor")
    for path in ("/audit/journals", "/audit/journals/1", "/audit/statement?account=Assets:Bank"):
        assert "Money received" in text_of(auditor, path)
    assert (
        Page(text_of(auditor, "/audit/journals?kind=hold")).links.count("/audit/journals/61") == 1
    )
    assert "/audit/journals/61" not in text_of(auditor, "/audit/journals?kind=receipt&after=50")
    second = text_of(auditor, "/audit/journals?kind=receipt")
    assert "kind=receipt" in second[second.index("after=50") - 60 :], "the kind is carried along"
    assert "No journal was found" in text_of(auditor, "/audit/journals?kind=adjustment")


def test_a_journal_shows_who_when_why_and_its_bytes(
    story: Place, client: FlaskClient, sign_in: SignIn
) -> None:
    auditor = sign_in(client, "auditor")
    page = text_of(auditor, "/audit/journals/1")
    assert "No checkpoint covers it yet" in page
    assert "&#34;id&#34;:&#34;gift-0&#34;" in page
    assert auditor.get("/audit/journals/99").status_code == 404
    assert auditor.get("/audit/journals/1/proof.txt").status_code == 404
    listed = text_of(auditor, "/audit/journals")
    assert "after=50" in listed
    assert auditor.get("/audit/journals?number=7").headers["Location"].endswith("/audit/journals/7")
    assert "No journal was found" in text_of(auditor, "/audit/journals?group=PLG-NOBODY")


def test_the_money_of_a_pledge_is_followed_step_by_step(
    story: Place, client: FlaskClient, sign_in: SignIn
) -> None:
    auditor = sign_in(client, "auditor")
    page = text_of(auditor, "/audit/follow/PLG-7K2M9QXA")
    assert page.count("Entries of journal") == 2
    assert "£2.01" in page
    assert auditor.get("/audit/follow/PLG-NOBODY").status_code == 404


def test_the_public_checkpoint_can_be_kept_and_checked(
    story: Place, client: FlaskClient, sign_in: SignIn
) -> None:
    assert "No checkpoint has been made yet" in text_of(client, "/checkpoint")
    assert client.get("/checkpoint.txt").status_code == 404
    auditor = sign_in(client, "auditor")
    assert post(auditor, "/audit/checkpoints", "/audit").status_code == 303
    note, key = text_of(client, "/checkpoint.txt"), text_of(client, "/checkpoint.key")
    assert note in text_of(client, "/checkpoint").replace("&#43;", "+")
    assert text_of(client, "/checkpoints/61.txt") == note
    assert client.get("/checkpoints/60.txt").status_code == 404
    public = base64.b64decode(key.strip().split("+", 2)[2])[1:]
    _, signed = audit_rules.read_checkpoint(note, public=public)
    assert signed.size == 61
    proof = text_of(auditor, "/audit/journals/7/proof.txt")
    head, _, below = proof.partition("\n\n")
    assert below == note
    lines = head.splitlines()
    assert lines[:2] == ["c2sp.org/tlog-proof@v1", "index 6"]
    leaf = re.search(
        r'Hash <span class="app-code">([0-9a-f]{64})', text_of(auditor, "/audit/journals/7")
    )
    assert leaf is not None
    assert audit_rules.inclusion_holds(
        leaf=bytes.fromhex(leaf[1]), index=6, size=61, root=signed.root,
        proof=[base64.b64decode(line) for line in lines[2:]],
    )  # fmt: skip


def _wait_for(browser: FlaskClient, path: str) -> str:
    for _ in range(200):
        page = text_of(browser, path)
        if "Being made" not in page:
            return page
        time.sleep(0.05)
    raise AssertionError("the pack was not made in ten seconds")


def test_a_pack_is_made_downloaded_and_proved_offline(
    story: Place, client: FlaskClient, sign_in: SignIn, tmp_path: Path
) -> None:
    auditor = sign_in(client, "auditor")
    answer = post(auditor, "/audit/packs", "/audit/packs", what="all")
    assert answer.status_code == 303
    where = answer.headers["Location"]
    assert "Download the pack" in _wait_for(auditor, where)
    zipped = auditor.get(where + ".zip")
    assert zipped.status_code == 200
    assert len(zipfile.ZipFile(io.BytesIO(zipped.data)).namelist()) >= 12
    (tmp_path / "pack.zip").write_bytes(zipped.data)
    (tmp_path / "old.txt").write_text(text_of(client, "/checkpoint.txt"), encoding="utf-8")
    for program in ("verify_books.py", "verify_decisions.py"):
        (tmp_path / program).write_bytes(client.get(f"/{program}").data)
        done = subprocess.run(
            [sys.executable, "-I", program, "pack.zip", "--checkpoint", "old.txt"],
            cwd=tmp_path, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.stdout.splitlines()[-1] == "PROVEN", done.stdout + done.stderr
    assert where.rsplit("/", 1)[1] in text_of(auditor, "/audit/packs")


def test_one_button_on_the_desk_makes_a_pack_of_everything(
    story: Place, client: FlaskClient, sign_in: SignIn
) -> None:
    auditor = sign_in(client, "auditor")
    forms = Page(text_of(auditor, "/audit")).forms
    (form,) = [one for one in forms if one.action == "/audit/packs"]
    answer = auditor.post(form.action, data={name: at.value for name, at in form.fields.items()})
    assert answer.status_code == 303
    assert "Download the pack" in _wait_for(auditor, answer.headers["Location"])


@pytest.mark.parametrize("part", ["officer", "head"])
def test_the_desk_shows_no_button_that_would_be_refused(
    story: Place, client: FlaskClient, sign_in: SignIn, part: str
) -> None:
    browser = sign_in(client, part)
    page = Page(text_of(browser, "/audit"))
    assert [form.action for form in page.forms if form.method == "post"] == ["/sign-out"]
    for link in {link for link in page.links if link.startswith("/audit")}:
        assert browser.get(link).status_code == 200, link


def test_what_a_pack_should_hold_is_asked_for_plainly(
    story: Place, client: FlaskClient, sign_in: SignIn
) -> None:
    auditor = sign_in(client, "auditor")
    empty = post(auditor, "/audit/packs", "/audit/packs")
    assert (empty.status_code, "Select what the pack holds" in empty.text) == (422, True)
    days = {"starts-day": "2", "starts-month": "3", "starts-year": "2026", "ends-day": "1",
            "ends-month": "3", "ends-year": "2026"}  # fmt: skip
    turned = post(auditor, "/audit/packs", "/audit/packs", what="period", **days)
    assert (turned.status_code, "in this order" in turned.text) == (422, True)
    assert 'value="2026"' in turned.text
    for path in ("/audit/packs/NOPE", "/audit/packs/NOPE.zip", "/audit/packs/..%2f..%2fetc.zip"):
        assert auditor.get(path).status_code == 404


def test_an_empty_book_has_pages_too(place: Place, client: FlaskClient, sign_in: SignIn) -> None:
    auditor = sign_in(client, "auditor")
    assert "0 journals" in text_of(auditor, "/audit").replace("Posted", "")
    assert "No account has been used yet" in text_of(auditor, "/audit/trial-balance")
    assert "No period has been opened" in text_of(auditor, "/audit/periods")
    refused = post(auditor, "/audit/packs", "/audit/packs", what="all")
    assert (refused.status_code, "0 journals to sign" in refused.text) == (422, True)


def test_periods_show_who_closed_them(
    story: Place, client: FlaskClient, sign_in: SignIn, clock: FixedClock
) -> None:
    def unit(session: Any) -> None:
        period = books.open_period(
            session, book=story.book, starts_on=date(2026, 2, 1), ends_on=date(2026, 2, 28)
        )
        books.begin_closing(session, period=period)
        books.close_period(
            session, period=period, signed_by="PER-A", countersigned_by="PER-B",
            reason="all is in", now=clock.now(),
        )  # fmt: skip

    transact(unit)
    page = text_of(sign_in(client, "auditor"), "/audit/periods")
    assert "1 February 2026 to 28 February 2026" in page
    assert "PER-B" in page


@pytest.mark.parametrize("part", ["resident", "organiser", "broker", "analyst", "administrator"])
def test_nobody_else_sees_the_books(
    story: Place, client: FlaskClient, sign_in: SignIn, part: str
) -> None:
    browser = sign_in(client, part)
    for path in ("/audit", "/audit/trial-balance", "/audit/journals/1", "/audit/packs"):
        assert browser.get(path).status_code == 403
