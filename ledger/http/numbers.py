"""Whole numbers in addresses: plain digits, and no more of them than any number here has."""

from __future__ import annotations

from flask import Flask
from werkzeug.routing import IntegerConverter

from ledger.kernel import limits


class PlainDigits(IntegerConverter):
    """``<int:…>``: other digits than 0 to 9, or too many, are an address that is not there."""

    regex = rf"[0-9]{{1,{limits.JSON_DIGITS_MAX}}}"


def install(app: Flask) -> None:
    """Read every ``<int:…>`` of an address so. Before any route is made."""
    app.url_map.converters["int"] = PlainDigits
