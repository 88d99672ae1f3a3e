"""Approvals: proposals and decisions by different people within delegated limits, for all that releases value."""
