"""Rules of audit: pure decisions from facts."""
