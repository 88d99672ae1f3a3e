"""Harrowmere's buildings: its register is imported, Canal Side Hall is let in two rooms, and
groups meet there week after week; one evening nobody came, and one request waits today.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import date, time, timedelta
from functools import partial
from typing import Final

from sqlalchemy.orm import Session

from ledger.assets import queries as asset_queries
from ledger.assets.service.importing import import_register
from ledger.assets.service.listings import list_asset
from ledger.assets.service.reading import prepare
from ledger.bookings import queries, rules
from ledger.bookings.service import decide, months, series, spaces, use
from ledger.demo import people
from ledger.demo.register import register_csv
from ledger.demo.story import Story

_TUESDAY: Final = 1
_THURSDAY: Final = 3
_SATURDAY: Final = 5


@dataclass(frozen=True, slots=True)
class _Room:
    """A room to let: the parts it takes, how many it holds, its list price in pence an hour."""

    name: str
    parts: tuple[str, ...]
    capacity: int
    pence_per_hour: int


@dataclass(frozen=True, slots=True)
class _Meeting:
    """A weekly meeting of two hours: who asks, for which room, from which day on.

    Nobody comes in week ``empty`` (counted from 0; -1: there is no such week). Where it ``waits``,
    the newest meeting is not vouched for yet when the visitor comes, whatever the weekday.
    """

    activity: str
    who: str
    room: str
    start: date
    weekday: int
    hour: int
    weeks: int
    empty: int = -1
    waits: bool = False


_ROOMS: Final = (
    _Room("Hall", ("Lock Room", "Wharf Room"), 120, 2_400),
    _Room("Lock Room", ("Lock Room",), 60, 1_400),
    _Room("Wharf Room", ("Wharf Room",), 40, 1_200),
)


def tell(story: Story) -> None:
    """Put the buildings and their bookings into the agenda."""
    listed_on = story.begins_on + timedelta(days=40)
    story.plan(story.begins_on + timedelta(days=20), partial(_import, story))
    story.plan(listed_on, partial(_let_the_hall, story))
    story.plan(listed_on + timedelta(days=1), partial(_open_months, story))
    past, lately = story.begins_on + timedelta(days=430), story.days_ago(75)
    for meeting in (
        _Meeting("Singing for breath", "organiser", "Wharf Room", past, _THURSDAY, 18, 12),
        _Meeting("Neighbours’ supper", "organiser", "Hall", lately, _TUESDAY, 19, 24),
        _Meeting(
            "Repair café",
            "organiser.mill",
            "Lock Room",
            lately,
            _SATURDAY,
            10,
            20,
            empty=4,
            waits=True,
        ),
    ):
        _meets(story, meeting)
    story.plan(story.days_ago(2), partial(_ask_for_a_room, story), at=time(16, 5))


def _import(story: Story) -> None:
    prepared = prepare(
        io.BytesIO(register_csv(story.begins_on)), file_name="harrowmere-land-and-buildings.csv"
    )
    story.do(
        lambda session: import_register(
            session, prepared=prepared, actor=story.actor("broker"), now=story.now
        )
    )


def _let_the_hall(story: Story) -> None:
    broker, today = story.actor("broker"), story.now.date()

    def unit(session: Session) -> None:
        hall = asset_queries.public_list(session, search="Canal Side Hall")[0].id
        story.facts["hall"] = hall
        list_asset(
            session, asset=hall, book=story.book,
            organisation=story.organisations[people.COUNCIL],
            summary="A hall by the canal with a kitchen, step-free, for up to 120 people. The"
            " two rooms can be let apart.",
            actor=broker, now=story.now,
        )  # fmt: skip
        for room in _ROOMS:
            story.facts[room.name] = _let(story, session, hall, room)
        spaces.set_hours(
            session, asset=hall, from_on=today, actor=broker, now=story.now,
            openings=[rules.Opening(weekday, 8 * 60, 22 * 60) for weekday in range(7)],
        )  # fmt: skip

    story.do(unit)


def _let(story: Story, session: Session, hall: str, room: _Room) -> str:
    """One room: its list price, and half of it for community groups."""
    broker, today = story.actor("broker"), story.now.date()
    space = spaces.add_space(
        session,
        asset=hall,
        name=room.name,
        parts=room.parts,
        capacity=room.capacity,
        cleandown_minutes=15,
        actor=broker,
        now=story.now,
    )
    for user_class, rate, policy in (
        ("standard", room.pence_per_hour, "LIST"),
        ("community", room.pence_per_hour // 2, "COMMUNITY-HALF"),
    ):
        spaces.set_rate(
            session, space=space, user_class=user_class, pence_per_hour=rate, from_on=today,
            actor=broker, now=story.now, policy=policy,
        )  # fmt: skip
    return space


def _open_months(story: Story) -> None:
    """The month's job, from now to the present: each month is opened, the one before closed."""
    _turn_month(story, story.now.date().replace(day=1))


def _turn_month(story: Story, month_on: date) -> None:
    def unit(session: Session) -> None:
        hall, maker = story.facts["hall"], "job:booking-months"
        months.open_month(session, asset=hall, month_on=month_on, maker=maker, now=story.now)
        before = (month_on - timedelta(days=1)).replace(day=1)
        if queries.month(session, asset=hall, month_on=before) is not None:
            months.close_month(session, asset=hall, month_on=before, maker=maker, now=story.now)

    story.do(unit)
    following = rules.next_month(month_on)
    story.plan(following, partial(_turn_month, story, following), at=time(4, 15))


def _meets(story: Story, meeting: _Meeting) -> None:
    """A group books a weekly two hours; the broker confirms, and later vouches for each week."""
    start = meeting.start
    first = start + timedelta(days=(meeting.weekday - start.weekday()) % 7 + 7)
    known: dict[str, str] = {}
    weekly = rules.Series(
        starts_on=first,
        start_minute=meeting.hour * 60,
        end_minute=meeting.hour * 60 + 120,
        every_weeks=1,
        count=meeting.weeks,
    )

    def ask() -> None:
        known["booking"] = story.do(lambda session: _book(session, story, meeting, weekly))

    def confirm() -> None:
        story.do(
            lambda session: decide.confirm(
                session, booking=known["booking"], actor=story.actor("broker"), now=story.now
            )
        )

    story.plan(start, ask)
    story.plan(start + timedelta(days=1), confirm)
    for week in range(meeting.weeks):
        day = first + timedelta(weeks=week)
        if meeting.waits and 0 < (story.today - day).days <= 7:
            continue
        story.plan(
            day + timedelta(days=1), partial(_vouch, story, known, day, came=week != meeting.empty),
            at=time(9, 30),
        )  # fmt: skip


def _book(session: Session, story: Story, meeting: _Meeting, wanted: rules.Series) -> str:
    actor = story.actor(meeting.who)
    request = series.Request(
        space=story.facts[meeting.room],
        series=wanted,
        activity=meeting.activity,
        headcount=25,
        user_class="community",
        organisation=actor.organisation or "",
    )
    return series.book(session, request=request, actor=actor, now=story.now, mode="skip").id


def _vouch(story: Story, known: dict[str, str], day: date, *, came: bool) -> None:
    """The broker says whether the room was used that day."""

    def unit(session: Session) -> None:
        vouch = use.confirm_use if came else use.mark_no_show
        for date_of in queries.occurrences(session, known["booking"]):
            if date_of.on_day == day and date_of.state == "confirmed":
                vouch(session, occurrence=date_of.id, actor=story.actor("broker"), now=story.now)

    story.do(unit)


def _ask_for_a_room(story: Story) -> None:
    """A request that waits for the broker's answer when the visitor comes."""
    day = story.today + timedelta(days=(4 - story.today.weekday()) % 7 + 7)
    wanted = rules.Series(
        starts_on=day, start_minute=18 * 60, end_minute=20 * 60, every_weeks=1, count=6
    )
    meeting = _Meeting("Homework club", "organiser.station", "Lock Room", day, 4, 18, 6)
    story.do(lambda session: _book(session, story, meeting, wanted))
