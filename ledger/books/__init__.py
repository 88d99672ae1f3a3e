"""The books: units, funds, accounts, journals, entries, seals and periods.

This is the only writer of value. A journal is balanced by unit, fund and layer before the
database lets it be sealed; its stored bytes are hashed into a chain; nothing is ever edited.
"""
