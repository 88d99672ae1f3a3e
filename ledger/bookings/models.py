"""Spaces and their parts, opening hours, rates, claims, bookings and their dates.

``space_claim`` is what keeps two bookings apart: triggers on SQLite and an exclusion
constraint on PostgreSQL refuse any two active claims on one part that overlap.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from ledger.kernel.db import Base, declare_guards
from ledger.kernel.grants import declare_grants


class SpaceAtom(Base):
    """The smallest part of a building that can be taken by itself."""

    __tablename__ = "space_atom"
    __table_args__ = (UniqueConstraint("asset", "name"),)
    id: Mapped[str] = mapped_column(primary_key=True)
    asset: Mapped[str] = mapped_column(ForeignKey("asset.id"))
    name: Mapped[str]


class Space(Base):
    """What can be booked: a set of parts, with the terms on which it is let."""

    __tablename__ = "space"
    __table_args__ = (
        UniqueConstraint("asset", "name"),
        CheckConstraint("approval IN ('instant', 'exclusive')", name="approval"),
        CheckConstraint("state IN ('open', 'shut')", name="state"),
        CheckConstraint("length(name) BETWEEN 1 AND 200", name="name"),
        CheckConstraint(
            "capacity BETWEEN 1 AND 100000 AND setup_minutes BETWEEN 0 AND 720"
            " AND cleandown_minutes BETWEEN 0 AND 720 AND notice_hours BETWEEN 0 AND 8784"
            " AND advance_days BETWEEN 1 AND 1098 AND hold_minutes BETWEEN 1 AND 1440"
            " AND free_cancel_hours BETWEEN 0 AND 8784 AND retention_percent BETWEEN 0 AND 100"
            " AND vat_percent BETWEEN 0 AND 100",
            name="terms",
        ),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    asset: Mapped[str] = mapped_column(ForeignKey("asset.id"))
    name: Mapped[str]
    capacity: Mapped[int]
    approval: Mapped[str]
    setup_minutes: Mapped[int]
    cleandown_minutes: Mapped[int]
    notice_hours: Mapped[int]
    advance_days: Mapped[int]
    hold_minutes: Mapped[int]
    free_cancel_hours: Mapped[int]
    retention_percent: Mapped[int]
    vat_percent: Mapped[int]
    keyholder: Mapped[str]
    state: Mapped[str]


class SpacePart(Base):
    """A part that a space takes."""

    __tablename__ = "space_part"
    space: Mapped[str] = mapped_column(ForeignKey("space.id"), primary_key=True)
    atom: Mapped[str] = mapped_column(ForeignKey("space_atom.id"), primary_key=True, index=True)


class OpeningHours(Base):
    """When a building is open, from a day on, in minutes of London's wall clock."""

    __tablename__ = "opening_hours"
    __table_args__ = (
        CheckConstraint(
            "weekday BETWEEN 0 AND 6 AND opens_minute BETWEEN 0 AND 1439"
            " AND closes_minute BETWEEN 1 AND 1440 AND closes_minute > opens_minute",
            name="stretch",
        ),
    )
    asset: Mapped[str] = mapped_column(ForeignKey("asset.id"), primary_key=True)
    from_on: Mapped[date] = mapped_column(primary_key=True)
    weekday: Mapped[int] = mapped_column(primary_key=True)
    opens_minute: Mapped[int] = mapped_column(primary_key=True)
    closes_minute: Mapped[int]


class HireRate(Base):
    """A price in pence an hour for one class, from a day on. Never edited."""

    __tablename__ = "hire_rate"
    __table_args__ = (
        CheckConstraint("user_class IN ('standard', 'community', 'council')", name="user_class"),
        CheckConstraint("pence_per_hour BETWEEN 0 AND 100000000", name="price"),
        Index("ix_hire_rate_space", "space", "user_class", "from_on"),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    space: Mapped[str] = mapped_column(ForeignKey("space.id"))
    user_class: Mapped[str]
    pence_per_hour: Mapped[int]
    from_on: Mapped[date]
    policy: Mapped[str]
    set_by: Mapped[str]
    set_at: Mapped[datetime]


class Booking(Base):
    """One request for one date or a series."""

    __tablename__ = "booking"
    __table_args__ = (
        CheckConstraint(
            "state IN ('held', 'requested', 'confirmed', 'closed', 'expired', 'declined',"
            " 'withdrawn', 'cancelled')",
            name="state",
        ),
        CheckConstraint("user_class IN ('standard', 'community', 'council')", name="user_class"),
        CheckConstraint("length(activity) BETWEEN 1 AND 300", name="activity"),
        CheckConstraint("headcount BETWEEN 1 AND 100000", name="headcount"),
        Index("ix_booking_state", "state", "requested_at"),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    book: Mapped[int] = mapped_column(ForeignKey("book.id"))
    asset: Mapped[str] = mapped_column(ForeignKey("asset.id"), index=True)
    space: Mapped[str] = mapped_column(ForeignKey("space.id"), index=True)
    organisation: Mapped[str] = mapped_column(index=True)
    booker: Mapped[str] = mapped_column(index=True)
    user_class: Mapped[str]
    activity: Mapped[str]
    headcount: Mapped[int]
    every_weeks: Mapped[int]
    start_minute: Mapped[int]
    end_minute: Mapped[int]
    state: Mapped[str]
    version: Mapped[int]
    plan_digest: Mapped[str]
    requested_at: Mapped[datetime]
    hold_until: Mapped[datetime | None]
    decided_by: Mapped[str]
    decided_at: Mapped[datetime | None]
    reason: Mapped[str]


class Occurrence(Base):
    """One date of a booking; its id and original start never change."""

    __tablename__ = "occurrence"
    __table_args__ = (
        UniqueConstraint("booking", "number"),
        CheckConstraint(
            "state IN ('skipped', 'held', 'requested', 'confirmed', 'used', 'no_show',"
            " 'cancelled_by_hirer', 'cancelled_by_provider', 'displaced', 'expired', 'declined',"
            " 'withdrawn')",
            name="state",
        ),
        CheckConstraint(
            "state = 'skipped' OR (starts_at IS NOT NULL AND ends_at IS NOT NULL)", name="times"
        ),
        CheckConstraint(
            "minutes >= 0 AND net_pence >= 0 AND list_pence >= net_pence AND vat_pence >= 0",
            name="price",
        ),
        Index("ix_occurrence_starts", "state", "starts_at"),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    booking: Mapped[str] = mapped_column(ForeignKey("booking.id"))
    number: Mapped[int]
    on_day: Mapped[date]
    starts_at: Mapped[datetime | None]
    ends_at: Mapped[datetime | None]
    recurrence_at: Mapped[datetime | None]
    state: Mapped[str]
    skip_reason: Mapped[str]
    sequence: Mapped[int]
    minutes: Mapped[int]
    space_minutes: Mapped[int]
    list_pence: Mapped[int]
    net_pence: Mapped[int]
    vat_pence: Mapped[int]
    list_rate: Mapped[str]
    rate: Mapped[str]
    policy: Mapped[str]
    quote_digest: Mapped[str]
    settled_by: Mapped[str]
    settled_at: Mapped[datetime | None]


class SpaceClaim(Base):
    """Who has a part of a building when: UTC seconds from 1970, the end not included."""

    __tablename__ = "space_claim"
    __table_args__ = (
        CheckConstraint(
            "starts BETWEEN 0 AND 10000000000 AND ends BETWEEN 0 AND 10000000000"
            " AND ends > starts",
            name="times",
        ),
        CheckConstraint("active IN (0, 1)", name="active"),
        CheckConstraint("kind IN ('booking', 'hold', 'closure', 'lease')", name="kind"),
        CheckConstraint(
            "(kind IN ('booking', 'hold')) = (occurrence IS NOT NULL)", name="occurrence"
        ),
        CheckConstraint("(kind = 'hold') = (expires IS NOT NULL)", name="expires"),
        Index(
            "ix_space_claim_active", "atom", "starts", "ends",
            sqlite_where=text("active = 1"), postgresql_where=text("active = 1"),
        ),
        Index("ix_space_claim_occurrence", "occurrence"),
    )  # fmt: skip
    id: Mapped[str] = mapped_column(primary_key=True)
    atom: Mapped[str] = mapped_column(ForeignKey("space_atom.id"))
    starts: Mapped[int]
    ends: Mapped[int]
    kind: Mapped[str]
    active: Mapped[int]
    expires: Mapped[int | None]
    occurrence: Mapped[str | None] = mapped_column(ForeignKey("occurrence.id"))
    reason: Mapped[str]


class AssetMonth(Base):
    """One month of a building's public minutes: endowed, and closed when it is over."""

    __tablename__ = "asset_month"
    __table_args__ = (
        CheckConstraint("endowed_minutes >= 0 AND spent_minutes >= 0", name="minutes"),
    )
    asset: Mapped[str] = mapped_column(ForeignKey("asset.id"), primary_key=True)
    month_on: Mapped[date] = mapped_column(primary_key=True)
    endowed_minutes: Mapped[int]
    spent_minutes: Mapped[int]
    opened_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]


declare_guards(
    [
        "sqlite:space_claim_no_overlap_insert", "sqlite:space_claim_no_overlap_update",
        "postgresql:space_claim_no_overlap", "space_claim_no_delete", "occurrence_no_delete",
        "booking_no_delete", "hire_rate_no_update", "hire_rate_no_delete",
        "occurrence_price_stands",
    ]
)  # fmt: skip
declare_grants(only_added=["opening_hours", "space", "space_part"])
