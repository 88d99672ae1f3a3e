"""How a period is closed and opened again, and how two reports of it are compared.

C1  A period begins to close after its last day in London. From then on it takes only what two
    people made.
C2  Whoever signs a close signs the period's trial balance: anything posted to it afterwards
    voids the signature, and it is signed anew.
C3  A second person with the right to close countersigns, having seen the same figures. Neither
    can be a job.
C4  A period is opened again by two people in the same way, with a reason that stays.
C5  The close and the opening again are leaves in the chain, and a checkpoint is made with them.
C6  Two reports of the same days are compared account by account, the one that knew less first. A
    figure moves only by journals that were recorded between the two; each is named, with who made
    and approved it, when it became known, and why.
C7  The journals' changes add up to the difference, to the penny. What no journal explains is
    said first, and is a fault.
"""

from ledger.closing.rules.restating import (
    HELD,
    POSTED,
    Change,
    Figures,
    Key,
    Moment,
    changes_of,
    effects_of,
    is_before,
    told,
    unexplained,
)
from ledger.closing.rules.signing import (
    BUCKET,
    CLOSE,
    KINDS,
    REOPEN,
    STATE_WORDS,
    NothingToSign,
    PeriodNotOver,
    check_over,
    check_reason,
    check_signable,
    facts,
)

__all__ = [
    "BUCKET",
    "CLOSE",
    "HELD",
    "KINDS",
    "POSTED",
    "REOPEN",
    "STATE_WORDS",
    "Change",
    "Figures",
    "Key",
    "Moment",
    "NothingToSign",
    "PeriodNotOver",
    "changes_of",
    "check_over",
    "check_reason",
    "check_signable",
    "effects_of",
    "facts",
    "is_before",
    "told",
    "unexplained",
]
