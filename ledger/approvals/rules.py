"""Rules of approvals: pure decisions from facts."""
