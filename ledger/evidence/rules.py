"""Rules of evidence: pure decisions from facts."""
