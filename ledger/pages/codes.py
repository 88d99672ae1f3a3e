"""Addresses as QR codes, drawn as SVG so that they print sharply."""

from __future__ import annotations

import segno
from markupsafe import Markup

_QUIET = 4


def qr_code(link: str, *, css: str) -> Markup:
    """An address as a QR code, with the quiet border that readers need."""
    rows = list(segno.make_qr(link, error="m").matrix)
    size = len(rows) + 2 * _QUIET
    dark = " ".join(
        f"M{column + _QUIET} {row + _QUIET}h1v1h-1z"
        for row, cells in enumerate(rows)
        for column, cell in enumerate(cells)
        if cell
    )
    return Markup(
        '<svg class="{2}" viewBox="0 0 {0} {0}" width="280" height="280" role="img"'
        ' aria-label="The same address, for the camera of a telephone"'
        ' xmlns="http://www.w3.org/2000/svg"><rect width="{0}" height="{0}" fill="#ffffff">'
        '</rect><path fill="#000000" d="{1}"></path></svg>'
    ).format(size, dark, css)
