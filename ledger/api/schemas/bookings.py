"""Spaces, previews, bookings and their dates as the API shows and takes them."""

from __future__ import annotations

from marshmallow import fields, validate

from ledger.api.schemas.base import (
    Day,
    Instant,
    PageQuery,
    Reference,
    StrictBoolean,
    StrictInteger,
    StrictSchema,
    Text,
)
from ledger.bookings.rules import BOOKING_STATES, FIRST_DAY, LAST_DAY, USER_CLASSES
from ledger.kernel import limits

_CLASSES = validate.OneOf(tuple(USER_CLASSES))


class NewSpace(StrictSchema):
    """A space to let: the parts of the building that it takes, and its terms."""

    asset = Reference("AST", required=True)
    name = Text(limits.NAME_CHARS_MAX, least=1, required=True)
    parts = fields.List(
        Text(limits.NAME_CHARS_MAX, least=1), required=True, validate=validate.Length(1, 40)
    )
    capacity = StrictInteger(least=1, most=100_000, required=True)
    approval = fields.String(
        load_default="exclusive", validate=validate.OneOf(("instant", "exclusive"))
    )
    setup_minutes = StrictInteger(most=720, load_default=0)
    cleandown_minutes = StrictInteger(most=720, load_default=0)
    notice_hours = StrictInteger(most=8_784, load_default=0)
    advance_days = StrictInteger(least=1, most=1_098, load_default=400)
    free_cancel_hours = StrictInteger(most=8_784, load_default=48)
    retention_percent = StrictInteger(most=100, load_default=0)
    vat_percent = StrictInteger(most=100, load_default=0)
    keyholder = Text(40, load_default="")


class SpaceSchema(StrictSchema):
    """A space and its terms. Buffers are minutes."""

    id = Reference("SPC")
    asset = Reference("AST")
    name = fields.String()
    capacity = fields.Integer()
    approval = fields.String()
    setup_minutes = fields.Integer()
    cleandown_minutes = fields.Integer()
    notice_hours = fields.Integer()
    advance_days = fields.Integer()
    free_cancel_hours = fields.Integer()
    retention_percent = fields.Integer()
    vat_percent = fields.Integer()
    state = fields.String()
    atoms = fields.List(fields.String())


class SpaceList(StrictSchema):
    """The spaces of a building."""

    items = fields.List(fields.Nested(SpaceSchema))


class SpaceQuery(StrictSchema):
    """Which spaces are asked for."""

    asset = Reference("AST", required=True)


class NewHireRate(StrictSchema):
    """A price in pence an hour for a class, from a day on."""

    user_class = fields.String(required=True, validate=_CLASSES)
    pence_per_hour = StrictInteger(most=100_000_000, required=True)
    from_on = Day(required=True)
    policy = Text(40, least=1, load_default="LIST")


class HireRateSchema(StrictSchema):
    """A rate."""

    id = Reference("RAT")
    user_class = fields.String()
    pence_per_hour = fields.Integer()
    from_on = Day()
    policy = fields.String()


class HireRateList(StrictSchema):
    """Every rate that a space ever had."""

    items = fields.List(fields.Nested(HireRateSchema))


class SpaceWeekQuery(StrictSchema):
    """Which week is asked for."""

    from_on = Day(
        required=True, validate=validate.Range(FIRST_DAY, LAST_DAY, error="Give a near day.")
    )


class BusySchema(StrictSchema):
    """A stretch of time that is taken. Whose it is, is not said."""

    atom = fields.String()
    starts_at = Instant()
    ends_at = Instant()
    kind = fields.String()


class SpaceWeek(StrictSchema):
    """What is taken in the seven days from a day on."""

    items = fields.List(fields.Nested(BusySchema))


class BookingSeries(StrictSchema):
    """Dates and London wall-clock minutes; an end over 1440 is on the next day."""

    starts_on = Day(required=True)
    start_minute = StrictInteger(most=1439, required=True)
    end_minute = StrictInteger(least=1, most=2880, required=True)
    every_weeks = StrictInteger(most=52, load_default=0)
    until_on = Day(load_default=None, allow_none=True)
    count = StrictInteger(
        least=1, most=limits.SERIES_OCCURRENCES_MAX, load_default=None, allow_none=True
    )
    without = fields.List(Day(), load_default=list, validate=validate.Length(max=400))
    start_fold = StrictInteger(most=1, load_default=None, allow_none=True)
    end_fold = StrictInteger(most=1, load_default=None, allow_none=True)


class NewBookingPreview(StrictSchema):
    """What somebody would like to book."""

    space = Reference("SPC", required=True)
    series = fields.Nested(BookingSeries, required=True)
    activity = Text(limits.LINE_CHARS_MAX, least=1, required=True)
    headcount = StrictInteger(least=1, most=100_000, load_default=1)
    user_class = fields.String(load_default="standard", validate=_CLASSES)


class NewBooking(NewBookingPreview):
    """What somebody books. ``expected`` is the digest of the preview that was shown."""

    mode = fields.String(load_default="all", validate=validate.OneOf(("all", "skip")))
    expected = Text(64, load_default="")
    hold = StrictBoolean(load_default=False)


class PlannedDaySchema(StrictSchema):
    """One date of a preview."""

    on = Day()
    starts_at = Instant(allow_none=True)
    ends_at = Instant(allow_none=True)
    ok = fields.Boolean()
    reason = fields.String()
    list_pence = fields.Integer()
    net_pence = fields.Integer()
    rate = fields.String()


class BookingPlan(StrictSchema):
    """Every date of a request, and what they cost together in pence."""

    digest = fields.String()
    days = fields.List(fields.Nested(PlannedDaySchema))
    list_pence = fields.Integer()
    net_pence = fields.Integer()
    minutes = fields.Integer()


class OccurrenceSchema(StrictSchema):
    """One date of a booking. Money is pence, lengths are minutes."""

    id = Reference("OCC")
    number = fields.Integer()
    on_day = Day()
    starts_at = Instant(allow_none=True)
    ends_at = Instant(allow_none=True)
    state = fields.String()
    skip_reason = fields.String()
    minutes = fields.Integer()
    space_minutes = fields.Integer()
    list_pence = fields.Integer()
    net_pence = fields.Integer()
    vat_pence = fields.Integer()
    list_rate = fields.String()
    rate = fields.String()
    policy = fields.String()


class BookingSchema(StrictSchema):
    """A booking and the sums of its dates."""

    id = Reference("BKG")
    asset = Reference("AST")
    space = Reference("SPC")
    organisation = fields.String()
    user_class = fields.String()
    activity = fields.String()
    headcount = fields.Integer()
    state = fields.String()
    version = fields.Integer()
    requested_at = Instant()
    hold_until = Instant(allow_none=True)
    decided_at = Instant(allow_none=True)
    reason = fields.String()
    dates = fields.Integer()
    skipped = fields.Integer()
    first_on = Day(allow_none=True)
    last_on = Day(allow_none=True)
    net_pence = fields.Integer()
    list_pence = fields.Integer()
    minutes = fields.Integer()


class FullBookingSchema(BookingSchema):
    """A booking with its dates."""

    occurrences = fields.List(fields.Nested(OccurrenceSchema))


class BookingQuery(PageQuery):
    """Which bookings are asked for."""

    state = fields.String(load_default="", validate=validate.OneOf(("", *BOOKING_STATES)))
    asset = fields.String(load_default="", validate=validate.Length(max=40))


class BookingReason(StrictSchema):
    """Why."""

    reason = Text(limits.LINE_CHARS_MAX, least=limits.REASON_CHARS_MIN, required=True)


class BookingCancellation(BookingReason):
    """Who cancels, and why."""

    side = fields.String(required=True, validate=validate.OneOf(("hirer", "provider")))


class NewHirePayment(StrictSchema):
    """What a hirer paid, by the bank's own reference."""

    reference = Text(100, least=3, required=True)
    quantity_pence = StrictInteger(least=1, required=True)
    received_on = Day(required=True)


class HirePaymentSchema(StrictSchema):
    """The journal of a payment."""

    journal = fields.String()


class BookingUse(StrictSchema):
    """Whether the space was used, or nobody came."""

    used = StrictBoolean(required=True)
