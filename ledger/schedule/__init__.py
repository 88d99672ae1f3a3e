"""Schedule: which job ran for which slot, and who may run jobs now.

A **job** is work the ledger does by itself; its **slots** are the London days or the minutes it
is due; a **run** is the record of one slot, kept for ever, also when nothing was due; the
**lease** says which scheduler may run jobs, and its **fence** (a number that only rises) keeps
one that was thought dead from finishing what another has taken over.
"""
