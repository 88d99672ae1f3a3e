"""Every cap in one place: a limit on each list, text, upload, series and loop.

Units come last in each name. A limit is refused with a message, never silently cut.
"""

from __future__ import annotations

from typing import Final

QUANTITY_MAX: Final = 9_000_000_000_000
"""Largest quantity of any unit in one entry (pence, minutes or items); fits JSON and BIGINT."""
JOURNAL_LEGS_MAX: Final = 2_000
DRAFT_LEGS_MAX: Final = 40
WRITE_ATTEMPTS_MAX: Final = 6
WRITE_DEADLINE_SECONDS: Final = 8

NAME_CHARS_MAX: Final = 200
LINE_CHARS_MAX: Final = 300
TEXT_CHARS_MAX: Final = 5_000
REASON_CHARS_MIN: Final = 3
EMAIL_CHARS_MAX: Final = 254
PASSWORD_CHARS_MIN: Final = 15
PASSWORD_CHARS_MAX: Final = 128
KEY_CHARS_MIN: Final = 16
KEY_CHARS_MAX: Final = 255

PAGE_ROWS_DEFAULT: Final = 50
PAGE_ROWS_MAX: Final = 200
REQUEST_BYTES_MAX: Final = 64 * 1024 * 1024
JSON_BYTES_MAX: Final = 1024 * 1024
JSON_DEPTH_MAX: Final = 32
JSON_DIGITS_MAX: Final = 15
CURSOR_DIGITS_MAX: Final = 17
"""Microseconds since 1970 have sixteen digits; more would be no instant and fit no column."""
FORM_FIELDS_MAX: Final = 500

IMPORT_BYTES_MAX: Final = 50 * 1024 * 1024
IMPORT_ROWS_MAX: Final = 200_000
IMPORT_COLUMNS_MAX: Final = 2_000
IMPORT_CELL_CHARS_MAX: Final = 10_000
IMPORT_PROBLEMS_SHOWN_MAX: Final = 1_000

SERIES_OCCURRENCES_MAX: Final = 400
SERIES_DAYS_MAX: Final = 3 * 366
PLEDGE_DAYS_MAX: Final = 5 * 366
PLEDGE_COMMITMENTS_MAX: Final = 100_000
PLEDGE_COLLECT_DAYS_MAX: Final = 366
REFUND_RUN_ROWS_MAX: Final = 1_000
HOURS_ENTRY_MINUTES_MAX: Final = 24 * 60
AGREEMENT_PERIODS_MAX: Final = 240
AGREEMENT_PARTIES_MAX: Final = 50
JOB_SLOTS_PER_TICK_MAX: Final = 400
WITNESSES_MAX: Final = 200
MATTERS_WAITING_MAX: Final = 50
"""How many questions and objections of one person may wait in one inspection."""
NOTE_CHARS_MAX: Final = 15_000
SAMPLE_JOURNALS_MAX: Final = 500
SEED_CHARS_MAX: Final = 64
