"""What was typed stays, and what is wrong is said beside it."""

from __future__ import annotations

from datetime import date, time

import pytest

from ledger.kernel.errors import Invalid
from ledger.pages.forms import Form
from ledger.pledges.rules import DealIncomplete


def test_what_was_typed_is_kept_beside_its_error() -> None:
    form = Form({"amount": "1.5"})
    assert form.pounds("amount", what="an amount") == 0
    assert form.value("amount") == "1.5"
    assert "not an amount in pounds" in form.errors["amount"]


def test_an_empty_field_says_what_to_enter() -> None:
    form = Form()
    form.text("name", what="your name")
    form.choice("kind", ["a"], what="a kind")
    assert form.errors == {"name": "Enter your name", "kind": "Select a kind"}
    assert form.error_list()[0] == {"text": "Enter your name", "href": "#name"}


def test_what_is_not_required_may_be_empty() -> None:
    form = Form()
    assert form.text("note", what="a note", required=False) == ""
    assert form.choice("kind", ["a"], what="a kind", required=False) == ""
    assert form.day("on", what="the day", required=False) is None
    assert form.hours("time", what="the time", required=False) == 0
    assert form.errors == {}


def test_text_too_long_is_refused_with_its_limit() -> None:
    form = Form({"note": "x" * 11})
    form.text("note", what="your note", chars=10)
    assert form.errors["note"] == "Your note must be 10 characters or fewer"


def test_line_ends_count_once() -> None:
    assert Form({"note": "a\r\nb"}).text("note", what="a note", chars=3) == "a\nb"


@pytest.mark.parametrize(
    ("typed", "minutes"),
    [("2", 120), ("2.5", 150), ("2.25", 135), ("0:45", 45), ("10:05", 605), ("3 hours", 180)],
)
def test_hours_are_read_as_whole_minutes(typed: str, minutes: int) -> None:
    assert Form({"hours": typed}).hours("hours", what="hours") == minutes


@pytest.mark.parametrize("typed", ["1.3", "-2", "two", "1e2", "1:60", "NaN", "٣"])
def test_what_is_not_an_amount_of_time_is_refused(typed: str) -> None:
    form = Form({"hours": typed})
    assert form.hours("hours", what="hours") == 0
    assert "not an amount of time" in form.errors["hours"]


@pytest.mark.parametrize(
    ("typed", "clock"),
    [("9:30", time(9, 30)), ("18:00", time(18)), ("9am", time(9)), ("12.15am", time(0, 15)),
     ("12pm", time(12)), ("6:45 PM", time(18, 45))],
)  # fmt: skip
def test_a_time_of_day_is_read_as_people_write_it(typed: str, clock: time) -> None:
    assert Form({"at": typed}).clock("at", what="a time") == clock


@pytest.mark.parametrize("typed", ["24:00", "9", "13pm", "0am", "9:3", "noon"])
def test_what_is_not_a_time_of_day_is_refused(typed: str) -> None:
    form = Form({"at": typed})
    assert form.clock("at", what="a time") is None
    assert "not a time of day" in form.errors["at"]


@pytest.mark.parametrize(("typed", "number"), [("20", 20), ("1,200", 1200), ("0", 0)])
def test_a_whole_number_is_read(typed: str, number: int) -> None:
    assert Form({"n": typed}).whole("n", what="a number") == number


@pytest.mark.parametrize("typed", ["1_000", "1.0", "-1", "12,00", "²"])
def test_what_is_not_a_whole_number_is_refused(typed: str) -> None:
    form = Form({"n": typed})
    form.whole("n", what="a number")
    assert "not a whole number" in form.errors["n"]


def _day(day: str, month: str, year: str) -> Form:
    return Form({"on-day": day, "on-month": month, "on-year": year})


def test_a_day_is_read_from_its_three_boxes() -> None:
    assert _day("27", "3", "2026").day("on", what="the day") == date(2026, 3, 27)


@pytest.mark.parametrize(
    ("boxes", "sentence"),
    [
        (("31", "2", "2026"), "The day must be a real day, like 27 3 2026"),
        (("1", "1", "26"), "The day must be a real day, like 27 3 2026"),
        (("x", "1", "2026"), "The day must be a real day, like 27 3 2026"),
        (("1", "", "2026"), "The day must include a month"),
        (("", "", ""), "Enter the day"),
    ],
)
def test_a_day_that_is_not_there_is_refused(boxes: tuple[str, str, str], sentence: str) -> None:
    form = _day(*boxes)
    assert form.day("on", what="the day") is None
    assert form.errors["on"] == sentence


def test_a_box_must_be_ticked_when_it_matters() -> None:
    form = Form()
    assert form.ticked("agree") is False
    assert form.errors == {}
    assert form.ticked("agree", sentence="Confirm that you agree") is False
    assert form.errors == {"agree": "Confirm that you agree"}
    assert Form({"agree": ["yes", "more"]}).chosen("agree") == ["yes", "more"]


def test_a_refusal_stands_at_the_field_it_names_and_the_first_error_stays() -> None:
    form = Form()
    form.refuse(Invalid("It is late.", remedy="Come earlier.", place="on"))
    form.wrong("on", "Something else")
    form.refuse(Invalid("All is wrong.", remedy="Begin again."))
    assert form.errors == {"on": "It is late. Come earlier.", "": "All is wrong. Begin again."}
    assert form.error_list()[1] == {"text": "All is wrong. Begin again."}


def test_errors_are_listed_in_the_order_of_the_page() -> None:
    sent = {"title": "", "from-day": "", "from-month": "", "from-year": "", "area": ""}
    form = Form(sent)
    form.text("area", what="the area", verb="Select")
    form.day("from", what="the first day")
    form.choice("kind", ["a"], what="a kind")  # a radio that was not chosen is not sent
    form.text("title", what="a title")
    assert [error["text"] for error in form.error_list()] == [
        "Enter a title", "Enter the first day", "Select a kind", "Select the area",
    ]  # fmt: skip


def test_a_refusal_of_several_fields_stands_beside_each() -> None:
    form = Form({"optimum": "5", "deadline_on-day": "1"})
    form.refuse(
        DealIncomplete(
            "Both are wrong.", remedy="Correct them.", place="optimum",
            errors={"optimum": "Enter more", "deadline_on": "Choose a later day"},
        )
    )  # fmt: skip
    assert form.errors == {"optimum": "Enter more", "deadline_on": "Choose a later day"}
