"""Rules of funds: pure decisions from facts."""
