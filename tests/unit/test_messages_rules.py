"""The words of messages: M1 to M4 of docs/rules.md."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ledger.kernel.errors import Invalid
from ledger.messages import rules


def test_m2_the_name_comes_when_the_words_are_made() -> None:
    made = rules.words("notice", {"subject": "Hall", "text": "It is yours."}, name="Rosa")
    assert made.subject == "Hall"
    assert made.body == "Hello Rosa,\n\nIt is yours."


def test_a_fact_that_is_missing_reads_as_nothing_and_a_stray_dollar_stays() -> None:
    made = rules.words("notice", {"subject": "a $5 tool $x", "text": "line"}, name="")
    assert made.subject == "a $5 tool $x"
    assert made.body.startswith("Hello neighbour")


def test_a_subject_is_one_line_so_that_no_header_can_be_added() -> None:
    made = rules.words("notice", {"subject": "Hi\nBcc: x@y.org"}, name="Rosa")
    assert "\n" not in made.subject


def test_an_unknown_template_is_refused() -> None:
    with pytest.raises(Invalid):
        rules.words("no.such", {}, name="Rosa")


def test_a_wing_adds_its_own_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "TEMPLATES", dict(rules.TEMPLATES))
    rules.add_template("test.hello", subject="Hello", body="$name, $what")
    assert rules.words("test.hello", {"what": "look"}, name="Tom").body == "Tom, look"


def test_m3_pauses_grow_and_secrets_are_forgotten() -> None:
    assert [rules.pause(n) // timedelta(minutes=1) for n in (1, 2, 3, 4, 5)] == [1, 4, 16, 64, 256]
    assert rules.without_secrets({"secret_link": "x", "until": "y"}) == {"until": "y"}


def test_m5_days_are_written_out_and_addresses_are_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "TEMPLATES", dict(rules.TEMPLATES))
    rules.add_template("test.due", subject="Due", body="By $due, not $other: $base/my")
    made = rules.words(
        "test.due", {"due": "2026-03-02", "other": "2026-13-02"}, name="",
        base_url="https://ledger.example",
    )  # fmt: skip
    assert made.body == "By 2 March 2026, not 2026-13-02: https://ledger.example/my"


def test_a_link_that_was_forgotten_says_so() -> None:
    kept = rules.without_secrets({"secret_link": "https://x/prove/1", "until": "tonight"})
    made = rules.words("contact.prove", kept, name="Rosa")
    assert rules.FORGOTTEN in made.body
    assert "https://x" not in made.body
