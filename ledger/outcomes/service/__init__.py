"""Defining and naming measures, reading files of counts, and freezing them for a test."""

from __future__ import annotations

from ledger.outcomes.service.naming import name_measure
from ledger.outcomes.service.readings import (
    Report,
    code_of,
    define_measure,
    freeze,
    freeze_many,
    import_readings,
    mark_final,
    pin_windows,
    put_beside,
)

__all__ = [
    "Report",
    "code_of",
    "define_measure",
    "freeze",
    "freeze_many",
    "import_readings",
    "mark_final",
    "name_measure",
    "pin_windows",
    "put_beside",
]
