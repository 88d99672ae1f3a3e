"""Funds: pots that institutions promise to match residents' gifts from.

An **offer** is an institution's counter-promise: a pot, a rate, a cap for each donor and a cap
for each pledge. A **reservation** is the part of the pot set aside for one pledge; what
qualifying receipts earn of it goes into the pledge's escrow, and the rest returns to the pot.
"""
