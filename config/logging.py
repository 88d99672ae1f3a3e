"""What the service says about itself: one line for each event, to standard error.

``LEDGER_LOG=json`` writes each line as JSON for a log collector. Lines never carry names,
addresses or form contents: people appear by pseudonym.
"""

from __future__ import annotations

import json
import logging
import logging.config
from collections.abc import Mapping
from datetime import UTC, datetime


class JsonLines(logging.Formatter):
    """One JSON object a line; line breaks inside a message cannot make a second line."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as JSON, with UTC time."""
        facts = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            facts["trace"] = self.formatException(record.exc_info)
        return json.dumps(facts, ensure_ascii=False)


class PlainLines(logging.Formatter):
    """Time, level, name and message; a line break in a message is shown, not obeyed."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as one readable line, and the trace below it when there is one."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="seconds")
        message = record.getMessage().replace("\r", "\\r").replace("\n", "\\n")
        line = f"{at} {record.levelname} {record.name} {message}"
        if record.exc_info:
            line += "\n" + self.formatException(record.exc_info)
        return line


def set_up(env: Mapping[str, str]) -> None:
    """Send everything from level INFO on to standard error, in the form that was chosen."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines() if env.get("LEDGER_LOG") == "json" else PlainLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    logging.getLogger("apscheduler").setLevel(logging.WARNING)
