"""Closing accounting periods: one person signs, another countersigns, and a checkpoint is made.

The books refuse to close a period without two signers, a reason and a leaf; here is who may, what
exactly they sign, and that each step is a decision like any other (``ledger/approvals``).
"""
