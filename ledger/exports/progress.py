"""Saying how far a long export is, to whoever asked for it."""

from __future__ import annotations

from collections.abc import Callable


class Progress:
    """Passes each step on in words; silent unless somebody listens."""

    def __init__(self, listener: Callable[[str], None] | None = None) -> None:
        self._listener = listener

    def say(self, step: str) -> None:
        """Tell the listener what is being done now."""
        if self._listener is not None:
            self._listener(step)
