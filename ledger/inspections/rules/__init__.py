"""Rules of public inspection (Local Audit and Accountability Act 2014, sections 25 to 27).

I1  Books are opened for inspection when their period was closed by two people and signed for by a
    checkpoint; from one London day to another, thirty working days in all. Those of a year to
    31 March are to hold the first ten working days of July (of a smaller authority they must): the
    days to begin on are said, and whether it is late.
I2  Every field of every journal is a commitment: the SHA-256 of a salt of its own and the field.
    What the public is given opens some of them, what the auditor is given opens all; both have
    the same commitments, so the same root, which is signed once.
I3  What names a person is withheld from the public: names, pseudonyms, and accounts, references
    and reasons that hold one. Sides, quantities, units and funds never are: whatever is withheld,
    every journal can be seen to balance.
I4  The salts of what names a person come from a secret that is erased with that person. Then
    nobody can open those fields or try names on them, and the root stays what it was.
I5  Questions and objections are about a journal or one of its entries, and are taken from the
    first to the last day of the inspection.
I6  The council answers a question, and may reply to an objection; the auditor decides about an
    objection. Nobody answers what they asked themselves; whoever asked may withdraw it.
I7  What was asked is shown to everybody with its answer, and not before. Whoever asked is told.
I8  What is commercially confidential (section 26) is withheld by hand: the reason of one journal,
    what it belongs to, or the account of an entry, each with a written reason that everybody
    reads. Nothing else is, so the journal can still be seen to balance, and the root is the same.
I9  With it the instant of recording is kept back, so that guesses are harder to try on the hash by
    which the books know the journal. The auditor is given all of it, and who withheld it.
I10 It is withheld, or shown again, until the last day of the inspection; nothing that was said is
    edited, and the newest word about a part counts.
"""

from ledger.inspections.rules import messages as _messages
from ledger.inspections.rules.commitments import (
    Opening,
    commitment,
    fields_of,
    leaf_of,
    person_of,
    salt_of,
    seal_body,
    withheld,
)
from ledger.inspections.rules.days import (
    MORE_DAYS_MAX,
    WORKING_DAYS,
    bank_holidays,
    first_days,
    is_working,
    july_of,
    last_day,
)
from ledger.inspections.rules.matters import (
    ANSWER,
    ANSWERED,
    ASKED,
    DECIDE,
    DECIDED,
    KIND_WORDS,
    KINDS,
    OBJECTION,
    QUESTION,
    REPLIED,
    RIGHTS,
    SHOWN,
    STATE_WORDS,
    STATES,
    WITHDRAW,
    WITHDRAWN,
    check_few,
    check_own,
    check_within,
    next_state,
)
from ledger.inspections.rules.refusals import (
    AlreadyOpened,
    NotClosed,
    NotOpen,
    OwnMatter,
    WithheldAlready,
    WrongStep,
)
from ledger.inspections.rules.withholding import (
    BESIDE,
    GROUND,
    GROUP,
    KEPT_BACK,
    REASON,
    check_changes,
    check_in_time,
    check_parts,
    fields_of_part,
    fields_of_parts,
    part_of_entry,
    part_words,
    parts_of,
)

WORDS = _messages
"""The words of messages, made known to the outbox when this wing is loaded."""

__all__ = [
    "ANSWER",
    "ANSWERED",
    "ASKED",
    "BESIDE",
    "DECIDE",
    "DECIDED",
    "GROUND",
    "GROUP",
    "KEPT_BACK",
    "KINDS",
    "KIND_WORDS",
    "MORE_DAYS_MAX",
    "OBJECTION",
    "QUESTION",
    "REASON",
    "REPLIED",
    "RIGHTS",
    "SHOWN",
    "STATES",
    "STATE_WORDS",
    "WITHDRAW",
    "WITHDRAWN",
    "WORKING_DAYS",
    "AlreadyOpened",
    "NotClosed",
    "NotOpen",
    "Opening",
    "OwnMatter",
    "WithheldAlready",
    "WrongStep",
    "bank_holidays",
    "check_changes",
    "check_few",
    "check_in_time",
    "check_own",
    "check_parts",
    "check_within",
    "commitment",
    "fields_of",
    "fields_of_part",
    "fields_of_parts",
    "first_days",
    "is_working",
    "july_of",
    "last_day",
    "leaf_of",
    "next_state",
    "part_of_entry",
    "part_words",
    "parts_of",
    "person_of",
    "salt_of",
    "seal_body",
    "withheld",
]
