"""Reading what comes in: strict JSON, clean texts, cursors, fields."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import ValidationError

from ledger.api.schemas import base
from ledger.http import pagination, strict_json
from ledger.http.refusals import BadCursor, Malformed
from ledger.kernel.errors import Invalid
from ledger.kernel.texts import clean_line, clean_text

BAD_JSON = [
    "", "{", "nul", "NaN", "[Infinity]", "-Infinity", "1e999", "[-1e999]", '{"a":1,"a":2}',
    '{"x":{"a":1,"a":1}}', "[" * 33 + "]" * 33, "[" * 100_000, '{"a":' * 40 + "1" + "}" * 40,
    "1" * 16, "-" + "9" * 16, "9" * 5_000, "[1,]", "'a'", '"\n"', b"\xff\xfe", b"\xed\xa0\x80",
]  # fmt: skip


@pytest.mark.parametrize("body", BAD_JSON, ids=lambda body: repr(body)[:20])
def test_json_that_leaves_a_doubt_is_refused(body: str | bytes) -> None:
    with pytest.raises(Malformed):
        strict_json.loads(body)


def test_json_without_a_doubt_is_read() -> None:
    text = '{"a": [1, -2, 999999999999999, 0.5, true, null, "[[[{{{\\"["], "b": {"a": 1}}'
    assert strict_json.loads(text) == json.loads(text)
    assert strict_json.loads(text.encode()) == json.loads(text)
    assert strict_json.loads("[" * 32 + "]" * 32) is not None


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**15) + 1, 10**15 - 1) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@given(VALUES)
def test_what_json_writes_strict_json_reads(value: Any) -> None:
    assert strict_json.loads(json.dumps(value)) == value
    assert strict_json.loads(json.dumps(value, ensure_ascii=True).encode()) == value


@pytest.mark.parametrize(
    "text", ["a\x00b", "a\u200bb", "\u202eevil", "a\x1bb", "\ud800", "a\nb", "a\rb", "x" * 301]
)
def test_a_line_has_no_hidden_characters_and_a_length(text: str) -> None:
    with pytest.raises(Invalid):
        clean_line(text, place="name")


def test_texts_are_composed_trimmed_and_keep_their_lines() -> None:
    assert clean_line("  Zoe\u0308 ", place="name") == "Zo\u00eb"
    assert clean_text("one\r\ntwo\rthree\tfour", place="text") == "one\ntwo\nthree\tfour"
    with pytest.raises(Invalid):
        clean_line(" ", place="name", shortest=1)


def test_a_cursor_comes_back_as_it_was_given() -> None:
    assert pagination.decode(pagination.encode(["PLG-1", 5]), str, int) == ["PLG-1", 5]


@pytest.mark.parametrize(
    "cursor", ["x", "!!!", "bnVsbA", "WzFd", "W10", "eyJhIjoxfQ", "\u00e9", "[1]"]
)
def test_a_cursor_from_elsewhere_is_refused(cursor: str) -> None:
    with pytest.raises(BadCursor):
        pagination.decode(cursor, str)


def test_a_page_says_where_it_goes_on_only_when_it_does() -> None:
    whole = pagination.page([1, 2], size=2, key=lambda row: [row])
    part = pagination.page([1, 2, 3], size=2, key=lambda row: [row])
    assert (whole.items, whole.next) == ([1, 2], None)
    assert part.items == [1, 2]
    assert pagination.decode(part.next or "", int) == [2]


AMOUNTS: list[Any] = [
    1.5, 1.0, "5", "1_000", "１２", True, False, None, -1, 10**13, 10**15, [], {}, "", " ", "NaN",
    "0x10", "1e3", -0.0, 9_000_000_000_001,
]  # fmt: skip


@pytest.mark.parametrize("value", AMOUNTS, ids=repr)
def test_only_a_whole_number_in_range_is_a_quantity(value: Any) -> None:
    with pytest.raises(ValidationError):
        base.Quantity().load({"unit": "GBP", "quantity": value})


@pytest.mark.parametrize("unit", ["gbp", "G", "£", "GBP\n", "", None, 5, "GBP;DROP", "A" * 13])
def test_a_unit_is_a_short_code(unit: Any) -> None:
    with pytest.raises(ValidationError):
        base.Quantity().load({"unit": unit, "quantity": 1})


def test_a_quantity_is_read_and_unknown_names_are_refused() -> None:
    asked = {"unit": "GBP", "quantity": 2000}
    assert base.Quantity().load(asked) == asked
    with pytest.raises(ValidationError):
        base.Quantity().load({**asked, "currency": "GBP"})


@pytest.mark.parametrize("value", ["1", "007", "200"])
def test_a_query_number_is_plain_digits(value: str) -> None:
    assert base.QueryInteger(most=200).deserialize(value) == int(value)


@pytest.mark.parametrize("value", ["", "-1", "1.0", "+1", "١", "1_0", "9" * 16, "201", 5])
def test_other_query_numbers_are_refused(value: Any) -> None:
    with pytest.raises(ValidationError):
        base.QueryInteger(most=200).deserialize(value)


def test_instants_are_utc_and_days_are_real() -> None:
    at = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
    assert base.Instant().deserialize("2026-03-02T09:00:00Z") == at
    assert base.Instant().serialize("at", {"at": at}) == "2026-03-02T09:00:00Z"
    assert base.Instant().serialize("at", {"at": None}) is None
    assert base.Day().deserialize("2026-02-28") == date(2026, 2, 28)
    assert base.Day().serialize("on", {"on": date(2026, 2, 28)}) == "2026-02-28"
    assert base.Day().serialize("on", {"on": None}) is None


@pytest.mark.parametrize(
    "value",
    ["2026-03-02", "2026-03-02T09:00:00", "2026-03-02T09:00:00+01:00", "2026-13-02T09:00:00Z", 5,
     "2026-03-02T25:00:00Z", "２026-03-02T09:00:00Z"],
)  # fmt: skip
def test_other_instants_are_refused(value: Any) -> None:
    with pytest.raises(ValidationError):
        base.Instant().deserialize(value)


@pytest.mark.parametrize("value", ["2026-02-30", "26-02-28", "2026-2-8", "20260228", 20260228, ""])
def test_other_days_are_refused(value: Any) -> None:
    with pytest.raises(ValidationError):
        base.Day().deserialize(value)


@pytest.mark.parametrize("value", ["PLG-7K2M9QXA"])
def test_a_reference_is_as_the_service_writes_it(value: str) -> None:
    assert base.Reference("PLG").deserialize(value) == value


@pytest.mark.parametrize(
    "value", ["plg-7K2M9QXA", "PLG-", "PLG-7K2M9QXA\n", "ORG-7K2M9QXA", 5, "../x"]
)
def test_other_references_are_refused(value: Any) -> None:
    with pytest.raises(ValidationError):
        base.Reference("PLG").deserialize(value)


@pytest.mark.parametrize("value", ["true", 1, 0, None, "yes"])
def test_only_true_and_false_are_yes_and_no(value: Any) -> None:
    with pytest.raises(ValidationError):
        base.StrictBoolean().deserialize(value)
    assert base.StrictBoolean().deserialize(True) is True


def test_a_text_field_refuses_what_a_clean_text_would() -> None:
    assert base.Text(10).deserialize(" ok ") == "ok"
    for bad in (5, "x" * 11, "a\x00", None, ["a"]):
        with pytest.raises(ValidationError):
            base.Text(10).deserialize(bad)
