"""The town's life, told in order by one storyteller on a clock of its own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from ledger.demo import closing_story, fire_story, hall_story, people, pledge_story
from ledger.demo.settlers import settle
from ledger.demo.story import Story
from ledger.kernel.clock import FixedClock, using
from ledger.parties import queries as parties


def is_here(session: Session) -> bool:
    """Whether the demonstration town lives in this database."""
    return parties.person_by_email(session, people.TOWNSPEOPLE[0].email) is not None


def load(*, code: str, now: datetime, say: Callable[[str], None]) -> None:
    """Live through the three years that end at ``now``."""
    story = Story(code=code, today_at=now, clock=FixedClock(now - timedelta(days=366 * 4)), say=say)
    with using(story.clock):
        settle(story)
        pledge_story.tell(story)
        hall_story.tell(story)
        fire_story.tell(story)
        closing_story.tell(story)
        story.live()
