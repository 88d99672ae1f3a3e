"""Exports: signed checkpoints, and audit packs that prove themselves without this service.

X1  A pack is made from one reading of the books and from nothing else, so that the same period
    under the same checkpoint gives the same bytes.
X2  A pack is written to a temporary folder and renamed when whole: half a pack is never seen.
X3  Everything in a pack but the database is written from the pack's own database.
X4  No cell that a spreadsheet would run as a formula leaves the service unguarded.
X5  Free text beside journals stays behind: it may hold personal words, and can be erased.
X6  Every file is in the manifest with its SHA-256, and the manifest is signed.
X7  A checkpoint's file is written once under its own name and never again. One that says something
    else than was signed is a fault: it is left as it is found, and nothing is signed over it.
X8  Whoever is to be called is told of each checkpoint once: the call is kept in the transaction
    that signs it, and made until it is answered.

X14 A pack holds whatever its decisions can be made again from, to the penny (D17).

X9 and what follows, about extracts, stand in ``rules.py``.
"""
