"""Drafts: journals that one person writes by hand and another posts by approving.

A correction of the books, a loan from one fund to another, and its paying back. Each is a proposal
like any other (``ledger/approvals``): exactly the entries that were shown are posted, once.
"""
