"""ETags: a decision can name the version that it was made about (If-Match)."""

from __future__ import annotations

from typing import Any

from flask import request

from ledger.http.refusals import StaleView


def versioned(value: Any, version: str, *, status: int = 200) -> tuple[Any, int, dict[str, str]]:
    """What a view returns, with its ETag."""
    return value, status, {"ETag": f'"{version}"'}


def check_version(version: str) -> None:
    """Refuse when the request names another version in ``If-Match``.

    Raises:
        StaleView: it changed since it was read.
    """
    asked = request.headers.get("If-Match")
    if asked and asked != "*" and version not in request.if_match:
        raise StaleView(
            "It was changed or decided about since you read it.",
            remedy="Read it again and decide anew.",
            place="If-Match",
        )
