"""How Harrowmere closes its years: the finance officer signs the figures, the head countersigns."""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy.orm import Session

from ledger.books import queries as books
from ledger.closing import queries, rules, service
from ledger.demo.story import Story
from ledger.exports import checkpoints

LEFT_OPEN_DAYS = 366


def tell(story: Story) -> None:
    """Plan each year's close for the June after it; the last finished one is left for a visitor."""
    for row in story.do(lambda session: books.periods(session, story.book)):
        if row["ends_on"] < story.today - timedelta(days=LEFT_OPEN_DAYS):
            in_june = date(row["ends_on"].year, 6, 15)
            story.plan(in_june, lambda period=row["id"]: _close(story, period))  # type: ignore[misc]


def _close(story: Story, period: int) -> None:
    s151, head = story.actor("s151"), story.actor("head")

    def sign(session: Session) -> None:
        service.begin_closing(session, book=story.book, period=period, actor=s151, now=story.now)
        service.sign(
            session, book=story.book, period=period, kind=rules.CLOSE,
            reason="Every bank statement of the year agrees.", actor=s151, now=story.now,
        )  # fmt: skip

    def countersign(session: Session) -> None:
        live = queries.period(session, story.book, period).live
        assert live is not None, "as just signed"
        service.countersign(
            session, book=story.book, period=period, digest=live.digest,
            reason="I read the figures beside the budget.", actor=head, now=story.now,
        )  # fmt: skip
        checkpoints.make_within(
            session, book=story.book, reason="close", made_by=head.person, now=story.now
        )

    story.do(sign)
    story.do(countersign)
