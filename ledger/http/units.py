"""Units of work at the edge: one transaction for each request that changes something."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from sqlalchemy.orm import Session

from ledger.http.once import recall, remember
from ledger.kernel.db import transact, transaction

Result = TypeVar("Result")


def ambient() -> Session | None:
    """The session of the unit that surrounds this request (see `idempotent`), if any."""
    found: Session | None = recall("unit")
    return found


def run_unit(unit: Callable[[Session], Result]) -> Result:
    """Do a unit of work: within the request's own when there is one, else in a new one."""
    session = ambient()
    return unit(session) if session is not None else transact(unit)


@contextmanager
def reading() -> Iterator[Session]:
    """A session to read with: the request's own unit when there is one, else a read-only one."""
    session = ambient()
    if session is not None:
        yield session
        return
    with transaction(read_only=True) as session:
        yield session


def surround(unit: Callable[[Session], Result]) -> Result:
    """Run a unit so that `run_unit` and `reading` inside it share its transaction."""

    def within(session: Session) -> Result:
        remember("unit", session)
        try:
            return unit(session)
        finally:
            remember("unit", None)

    return transact(within)
