"""The tables of agreements and determinations. Terms are pinned; only a step may change."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ledger.kernel.db import Base, declare_guards
from ledger.kernel.grants import declare_grants
from ledger.kernel.limits import NAME_CHARS_MAX


class Agreement(Base):
    """A deal between agencies, a council and community groups about one measure in one area.

    ``terms`` is the canonical text of all that is pinned, ``digest`` its SHA-256.
    """

    __tablename__ = "agreement"
    __table_args__ = (
        CheckConstraint(
            "state IN ('DRAFT', 'BROKERED', 'POWER_CHECKED', 'SIGNED', 'FUNDED', 'ACTIVE',"
            " 'CLOSED', 'TERMINATED', 'SUSPENDED')",
            name="state",
        ),
        CheckConstraint(f"length(title) BETWEEN 1 AND {NAME_CHARS_MAX}", name="title"),
        CheckConstraint("length(digest) = 64", name="digest"),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    book: Mapped[int] = mapped_column(ForeignKey("book.id"))
    title: Mapped[str]
    measure_version: Mapped[str] = mapped_column(ForeignKey("measure_version.id"), index=True)
    area: Mapped[str] = mapped_column(ForeignKey("area.id"), index=True)
    accountable_body: Mapped[str] = mapped_column(ForeignKey("organisation.id"))
    terms: Mapped[str]
    digest: Mapped[str]
    state: Mapped[str]
    odds: Mapped[str]
    legal_power: Mapped[str]
    drafted_at: Mapped[datetime]
    drafted_by: Mapped[str]


class AgreementParty(Base):
    """An organisation in an agreement: payee, agency or accountable body, in the order drafted."""

    __tablename__ = "agreement_party"
    __table_args__ = (CheckConstraint("part IN ('body', 'agency', 'payee')", name="part"),)
    agreement: Mapped[str] = mapped_column(ForeignKey("agreement.id"), primary_key=True)
    part: Mapped[str] = mapped_column(primary_key=True)
    organisation: Mapped[str] = mapped_column(
        ForeignKey("organisation.id"), primary_key=True, index=True
    )
    position: Mapped[int]


class AgreementSignature(Base):
    """One party's signature under exactly these terms."""

    __tablename__ = "agreement_signature"
    agreement: Mapped[str] = mapped_column(ForeignKey("agreement.id"), primary_key=True)
    organisation: Mapped[str] = mapped_column(
        ForeignKey("organisation.id"), primary_key=True, index=True
    )
    person: Mapped[str] = mapped_column(ForeignKey("person.id"))
    digest: Mapped[str]
    signed_at: Mapped[datetime]


class AgreementPeriod(Base):
    """One period to be tested: its months, and the day after which late returns do not wait."""

    __tablename__ = "agreement_period"
    __table_args__ = (
        UniqueConstraint("owner"),
        CheckConstraint("number >= 1 AND from_on < freeze_on", name="order"),
    )
    agreement: Mapped[str] = mapped_column(ForeignKey("agreement.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    from_on: Mapped[date]
    to_on: Mapped[date]
    freeze_on: Mapped[date] = mapped_column(index=True)
    owner: Mapped[str]
    baseline_months: Mapped[int]
    threshold_bp: Mapped[int]


class SavingClaim(Base):
    """An agreement's share of the saving of one measure, area and month (basis points)."""

    __tablename__ = "saving_claim"
    __table_args__ = (CheckConstraint("share_bp BETWEEN 1 AND 10000", name="share"),)
    agreement: Mapped[str] = mapped_column(ForeignKey("agreement.id"), primary_key=True)
    measure_version: Mapped[str] = mapped_column(ForeignKey("measure_version.id"))
    area: Mapped[str] = mapped_column(ForeignKey("area.id"))
    month: Mapped[date] = mapped_column(primary_key=True)
    share_bp: Mapped[int]


class SavingCell(Base):
    """How much of a measure, area and month is claimed by all agreements: never above 100%."""

    __tablename__ = "saving_cell"
    __table_args__ = (CheckConstraint("claimed_bp BETWEEN 0 AND 10000", name="once"),)
    measure_version: Mapped[str] = mapped_column(ForeignKey("measure_version.id"), primary_key=True)
    area: Mapped[str] = mapped_column(ForeignKey("area.id"), primary_key=True)
    month: Mapped[date] = mapped_column(primary_key=True)
    claimed_bp: Mapped[int]


class Determination(Base):
    """One evaluation of an agreement for a period: frozen, tested, then decided by people.

    ``facts`` is the canonical text of the workings; whoever approves, approves its digest.
    """

    __tablename__ = "determination"
    __table_args__ = (
        UniqueConstraint("agreement", "period", "revision"),
        CheckConstraint(
            "state IN ('TESTED', 'VERIFIED', 'APPROVED', 'REFUSED', 'RELEASED', 'CONFIRMED')",
            name="state",
        ),
        CheckConstraint(
            "result IN ('WORSE', 'NOT_MET', 'NOT_PROVEN', 'MET_PROVISIONAL', 'MET_ASSURED')",
            name="result",
        ),
        CheckConstraint("award_pence >= holdback_pence AND holdback_pence >= 0", name="amounts"),
        CheckConstraint(
            "award_pence = 0 OR result IN ('MET_PROVISIONAL', 'MET_ASSURED')", name="proven"
        ),
        CheckConstraint("revision >= 0", name="revision"),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    agreement: Mapped[str] = mapped_column(ForeignKey("agreement.id"))
    period: Mapped[int]
    revision: Mapped[int]
    result: Mapped[str]
    snapshot: Mapped[str] = mapped_column(ForeignKey("reading_snapshot.id"), index=True)
    facts: Mapped[str]
    award_pence: Mapped[int]
    holdback_pence: Mapped[int]
    proposal: Mapped[str] = mapped_column(ForeignKey("proposal.id"), index=True)
    state: Mapped[str] = mapped_column(index=True)
    tested_at: Mapped[datetime]
    released_at: Mapped[datetime | None]


UNTOUCHABLE = ("agreement_party", "agreement_signature", "agreement_period", "saving_claim")
declare_guards([f"{table}_no_update" for table in UNTOUCHABLE])
declare_guards([f"{table}_no_delete" for table in UNTOUCHABLE])
declare_guards(
    [
        "agreement_moves", "agreement_begins", "agreement_no_delete", "determination_moves",
        "determination_begins", "determination_no_delete", "saving_claim_fills_cell",
        "saving_cell_follows", "saving_cell_begins", "saving_cell_no_delete",
    ]
)  # fmt: skip
declare_grants(only_added=["saving_cell"])  # a claim fills its cells by a trigger
