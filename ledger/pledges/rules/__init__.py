"""Rules of pledges: pure decisions from facts, numbered as docs/rules.md cites them.

PL1   A pledge is complete before it is submitted: a sentence, a unit, a minimum, optimum and
      maximum in that order, a deadline, a place, what happens to too little, too much and an
      aim that cannot be delivered, and a named broker.
PL2   Whoever moderates a pledge is neither its organiser nor of its group; anything but
      opening it takes a written reason. An answer is due within three working days.
PL3   A commitment counts only from proof of contact; using the proof again changes nothing.
PL4   One person, one commitment in a pledge; the organiser cannot sign.
PL5   A pledge is reached in the transaction that brings its counted total to the minimum,
      with the promised match where the deal says that it counts.
PL6   The deadline day is London's and belongs to the pledge to its last instant; the job that
      ends a pledge counts again under lock before it says that it lapsed.
PL7   Anybody may withdraw until 48 hours after the pledge was reached, or after their own
      proof if that is later; a reached pledge stays reached, and is flagged.
PL8   What a person signed is a version that never changes; a change after the first signer is
      a new version, and earlier signers count again only when they agree to it.
PL9   The maximum is never passed.
PL10  A receipt has a reference of its own; it may pay a part; more than what is due is refused
      unless it is accepted as extra.
PL11  A qualifying receipt earns match at once (F3); members of the group earn none.
PL12  Escrow is released for a milestone, never more than it holds, by two people who are not
      of the group that is paid.
PL13  A refund never exceeds what is held; where some is spent already, what is left is shared
      by largest remainder among the givers and the match.
PL14  Hours count as given when both the giver and the organiser have confirmed them.
PL15  What is unpaid the morning after its due day is overdue; three reminders in fourteen days;
      then it is in default. It may be excused at any time, for a reason that stays private.
PL16  When a pledge ends its promises in the books net to zero.
"""

from ledger.pledges.rules.counting import *  # noqa: F403 - its __all__ says what
from ledger.pledges.rules.deal import *  # noqa: F403 - its __all__ says what
from ledger.pledges.rules.letters import *  # noqa: F403 - its __all__ says what
from ledger.pledges.rules.moves import *  # noqa: F403 - its __all__ says what
from ledger.pledges.rules.refusals import *  # noqa: F403 - its __all__ says what
from ledger.pledges.rules.value import *  # noqa: F403 - its __all__ says what
