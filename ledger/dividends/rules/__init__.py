"""Rules of dividends: pure decisions from facts.

D1   An agreement is one sentence of seven parts; with any part missing nobody can sign it.
D2   Terms are pinned: what was drafted is what is signed, tested and paid, by its digest.
D3   Comparators have three times the area's events, do not touch it, moved with it before,
     and are not themselves under an agreement.
D4   The odds are shown before signing; less than an even chance is refused.
D5   A saving is claimed once: shares of a measure, area and month never exceed 100%.
D6   Only money that has come in is reserved; an agreement short by a penny is not funded.
D7   Whole years only; one payable look at each period, after its run-out.
D8   Saving of an agency = events avoided x unit cost x cashable share x (1 - haircut).
D9   Pence are rounded half to even for each agency, then split over payees by largest remainder.
D10  What is paid never exceeds the cap, nor what each agency has reserved.
D11  An assured result holds back a fifth, a provisional one half, until the revision window ends.
D12  A job may propose, and may release what people approved; it can never approve.
D13  Nobody who gains may verify or approve.
D14  Every award returns what is left of the reservation when the last period is released.
D15  A later fall in the proof above alpha, but within hysteresis, changes the amount only.
D16  A clawback takes the holdback first and is capped; what cannot be had back is shown.
D17  The leaf of a release commits to its record: the version of the rules, the hashes of the files
     of evidence, of the frozen readings and of the terms, the threshold's working and the split's.
     Whoever has these makes the decision again, to the penny.
"""

from ledger.dividends.rules import messages as _messages

WORDS = _messages
"""The words of messages, made known to the outbox when this wing is loaded."""
