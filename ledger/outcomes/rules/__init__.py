"""Rules of outcomes: pure decisions from facts. Statistics are whole numbers and fractions.

O1   A count falls by chance too: the gate is an exact test of two areas, before and after.
O2   With no comparison area the gate is the exact test of one count before and after.
O3   When counts vary more than chance explains (phi above 1), the larger p-value decides.
O4   Season is removed month by month before phi is measured.
O5   The same question at "the fall is no more than the target" says if the target is assured.
O6   Odds are shown at signing; a deal with less than an even chance of paying is refused.
O7   Quality may not slip by more than ten points (Newcombe, one side, 95%).
O8   A reading is a whole number, never overwritten: a correction is a new row.
O9   Two versions of a measure never meet in one test.
O10  A file is read whole or refused whole: half a file would look like a fall.
O11  Counts from one to four are never shown to the public.
O12  A measure that a file brought is called by its code until somebody names it: what it is called,
     what one of it is, and which way is better. Names are never edited; the newest counts. Its
     code, versions and readings stay what they are.
"""
