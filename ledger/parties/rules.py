"""Rules of parties: pure decisions from facts."""
