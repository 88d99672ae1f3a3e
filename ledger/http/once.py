"""What is known during one request and forgotten after it.

Kept on the request itself, not on ``flask.g``: ``g`` belongs to the application context, which
several requests share when a test or a command has pushed one.
"""

from __future__ import annotations

from typing import Any

from flask import has_request_context, request


def recall(name: str) -> Any:
    """What was remembered under a name during this request, or None."""
    return request.environ.get(f"ledger.{name}") if has_request_context() else None


def remember(name: str, value: Any) -> None:
    """Keep a value until the end of this request."""
    request.environ[f"ledger.{name}"] = value
