"""The tables of value. Triggers in the migrations refuse what must never be; see docs/rules.md."""

from __future__ import annotations

from datetime import date

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from ledger.kernel.db import Base, declare_guards
from ledger.kernel.grants import declare_grants

_Key = BigInteger().with_variant(Integer, "sqlite")


class Book(Base):
    """One council's book."""

    __tablename__ = "book"
    id: Mapped[int] = mapped_column(_Key, primary_key=True)
    code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]


class Head(Base):
    """The sequencer of a book: locked first by every posting."""

    __tablename__ = "head"
    book: Mapped[int] = mapped_column(ForeignKey("book.id"), primary_key=True)
    next_seq: Mapped[int]
    chain: Mapped[bytes] = mapped_column(LargeBinary(32))
    last_us: Mapped[int]


class Unit(Base):
    """A unit of value; its scale (decimal places) is fixed for ever."""

    __tablename__ = "unit"
    code: Mapped[str] = mapped_column(primary_key=True)
    scale: Mapped[int]
    name: Mapped[str]


class Fund(Base):
    """A fund; a restricted one is spent only on its purpose."""

    __tablename__ = "fund"
    __table_args__ = (
        UniqueConstraint("book", "code"),
        CheckConstraint(
            "class IN ('general', 'designated', 'restricted', 'endowment')", name="class"
        ),
    )
    id: Mapped[int] = mapped_column(_Key, primary_key=True)
    book: Mapped[int] = mapped_column(ForeignKey("book.id"))
    code: Mapped[str]
    fund_class: Mapped[str] = mapped_column("class")
    purpose: Mapped[str]
    name: Mapped[str]


class Account(Base):
    """An account of a book: path, type, unit and fund never change."""

    __tablename__ = "account"
    __table_args__ = (
        UniqueConstraint("book", "path"),
        UniqueConstraint("book", "id", "unit", "fund"),
        CheckConstraint(
            "(type = 'A' AND path LIKE 'Assets:%') OR (type = 'L' AND path LIKE 'Liabilities:%')"
            " OR (type = 'Q' AND path LIKE 'Equity:%') OR (type = 'I' AND path LIKE 'Income:%')"
            " OR (type = 'E' AND path LIKE 'Expenses:%')",
            name="root",
        ),
    )
    id: Mapped[int] = mapped_column(_Key, primary_key=True)
    book: Mapped[int] = mapped_column(ForeignKey("book.id"))
    path: Mapped[str]
    type: Mapped[str]
    unit: Mapped[str] = mapped_column(ForeignKey("unit.code"))
    fund: Mapped[int] = mapped_column(ForeignKey("fund.id"))
    owner: Mapped[str]


class Balance(Base):
    """The running balance of an account, moved only by an entry (a trigger sees to it)."""

    __tablename__ = "balance"
    __table_args__ = (
        CheckConstraint("guard IN ('N', 'C', 'D')", name="guard"),
        CheckConstraint("guard <> 'C' OR cr - dr - held_dr >= 0", name="credit_not_overdrawn"),
        CheckConstraint("guard <> 'D' OR dr - cr - held_cr >= 0", name="debit_not_overdrawn"),
        CheckConstraint("held_dr >= 0 AND held_cr >= 0 AND dr >= 0 AND cr >= 0", name="signs"),
    )
    account: Mapped[int] = mapped_column(
        _Key, ForeignKey("account.id"), primary_key=True, autoincrement=False
    )
    dr: Mapped[int]
    cr: Mapped[int]
    held_dr: Mapped[int]
    held_cr: Mapped[int]
    version: Mapped[int]
    guard: Mapped[str]


class JournalKind(Base):
    """The allow-list of journal kinds, and which of them need a second person."""

    __tablename__ = "journal_kind"
    code: Mapped[str] = mapped_column(primary_key=True)
    needs_checker: Mapped[int]


class Journal(Base):
    """A journal: never edited, never deleted, chained to the one before it."""

    __tablename__ = "journal"
    __table_args__ = (
        UniqueConstraint("book", "id"),
        CheckConstraint("checker IS NULL OR checker <> maker", name="two_people"),
        CheckConstraint("seq >= 1", name="seq"),
        ForeignKeyConstraint(
            ["book", "seq"],
            ["seal.book", "seal.seq"],
            name="fk_journal_seal",
            deferrable=True,
            initially="DEFERRED",
        ),
        ForeignKeyConstraint(["book", "resolves"], ["journal.book", "journal.seq"]),
        ForeignKeyConstraint(["book", "reverses"], ["journal.book", "journal.seq"]),
        *(
            Index(
                f"uq_journal_book_{column}",
                "book",
                column,
                unique=True,
                sqlite_where=text(f"{column} IS NOT NULL"),
                postgresql_where=text(f"{column} IS NOT NULL"),
            )
            for column in ("resolves", "reverses")
        ),
        # The book comes second: where it came first, PostgreSQL, as long as it knows little of a
        # young table, would find a journal's number by reading the whole book through them.
        Index("ix_journal_effective", "effective_on", "book"),
        Index("ix_journal_group", "group_id", "book"),
        Index(
            "ix_journal_deadline",
            "deadline_us",
            "book",
            sqlite_where=text("deadline_us IS NOT NULL"),
            postgresql_where=text("deadline_us IS NOT NULL"),
        ),
    )
    book: Mapped[int] = mapped_column(ForeignKey("book.id"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[str]
    kind: Mapped[str] = mapped_column(ForeignKey("journal_kind.code"))
    effective_on: Mapped[date]
    recorded_us: Mapped[int]
    deadline_us: Mapped[int | None]
    group_id: Mapped[str]
    reason: Mapped[str]
    purpose: Mapped[str]
    maker: Mapped[str]
    checker: Mapped[str | None]
    resolves: Mapped[int | None]
    reverses: Mapped[int | None]
    req_hash: Mapped[bytes]
    leaf: Mapped[bytes]
    leaf_hash: Mapped[bytes]
    chain: Mapped[bytes]


class JournalNote(Base):
    """The words beside a journal; the leaf keeps only their salted hash, so they can be erased."""

    __tablename__ = "journal_note"
    __table_args__ = (ForeignKeyConstraint(["book", "seq"], ["journal.book", "journal.seq"]),)
    book: Mapped[int] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    salt: Mapped[bytes]
    note: Mapped[str]


class Entry(Base):
    """One line of a journal: a whole quantity on one side of one account."""

    __tablename__ = "entry"
    __table_args__ = (
        ForeignKeyConstraint(["book", "seq"], ["journal.book", "journal.seq"]),
        ForeignKeyConstraint(
            ["book", "account", "unit", "fund"],
            ["account.book", "account.id", "account.unit", "account.fund"],
        ),
        UniqueConstraint("account", "acct_version"),
        CheckConstraint("side IN ('D', 'C')", name="side"),
        CheckConstraint("layer IN ('P', 'H')", name="layer"),
        CheckConstraint("amount <> 0 AND (layer = 'H' OR amount > 0)", name="amount"),
        CheckConstraint("amount BETWEEN -9000000000000 AND 9000000000000", name="amount_range"),
        Index("ix_entry_account", "account", "layer", "seq", "side", "amount"),
    )
    book: Mapped[int] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    line: Mapped[int] = mapped_column(primary_key=True)
    account: Mapped[int]
    side: Mapped[str]
    amount: Mapped[int]
    layer: Mapped[str]
    unit: Mapped[str]
    fund: Mapped[int]
    acct_version: Mapped[int]
    balance_after: Mapped[int]


class Seal(Base):
    """The proof that a journal is whole and balances; without it no journal can be committed."""

    __tablename__ = "seal"
    book: Mapped[int] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    lines: Mapped[int]


class Period(Base):
    """An accounting period of a book."""

    __tablename__ = "period"
    __table_args__ = (
        CheckConstraint("status IN ('OPEN', 'ADJUSTING', 'CLOSED')", name="status"),
        CheckConstraint("starts_on <= ends_on", name="order"),
        CheckConstraint("signed_by IS NULL OR signed_by <> countersigned_by", name="two_people"),
        CheckConstraint(
            "status <> 'CLOSED' OR (signed_by IS NOT NULL AND countersigned_by IS NOT NULL"
            " AND seq_at_close IS NOT NULL AND trial_balance_hash IS NOT NULL)",
            name="closed_by_two",
        ),
        UniqueConstraint("book", "starts_on"),
    )
    id: Mapped[int] = mapped_column(_Key, primary_key=True)
    book: Mapped[int] = mapped_column(ForeignKey("book.id"))
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    status: Mapped[str]
    signed_by: Mapped[str | None]
    countersigned_by: Mapped[str | None]
    reason: Mapped[str]
    seq_at_close: Mapped[int | None]
    trial_balance_hash: Mapped[bytes | None]


class PeriodBalance(Base):
    """What an account moved within a closed period: the sums that as-of answers begin from."""

    __tablename__ = "period_balance"
    period: Mapped[int] = mapped_column(ForeignKey("period.id"), primary_key=True)
    account: Mapped[int] = mapped_column(ForeignKey("account.id"), primary_key=True)
    dr: Mapped[int]
    cr: Mapped[int]


declare_guards(
    [
        "head_starts_at_one", "head_moves_with_journal", "head_no_delete",
        "book_keeps_code", "book_no_delete", "journal_kind_no_update", "journal_kind_no_delete",
        "unit_no_update", "unit_no_delete", "fund_no_update", "fund_no_delete",
        "account_no_update", "account_no_delete",
        "balance_starts_at_zero", "balance_follows_entry", "balance_no_delete",
        "journal_checks", "journal_moves_head", "journal_no_update", "journal_no_delete",
        "entry_checks", "entry_moves_balance", "entry_no_update", "entry_no_delete",
        "seal_checks", "sqlite:seal_keeps_funds", "seal_no_update", "seal_no_delete",
        "period_checks", "period_moves", "period_no_delete",
        "period_balance_checks", "period_balance_stands", "period_balance_no_update",
        "postgresql:journal_no_truncate", "postgresql:entry_no_truncate",
        "postgresql:seal_no_truncate", "postgresql:balance_no_truncate",
        "postgresql:head_no_truncate", "postgresql:period_no_truncate",
        "postgresql:period_balance_no_truncate",
    ]
)  # fmt: skip
declare_grants(
    only_read=["journal_kind"],
    only_added=["book", "journal_note", "head", "balance"],  # triggers move the last two
    deleted=["period_balance"],
    called=["books_look", "books_write"],
)
