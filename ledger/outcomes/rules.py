"""Rules of outcomes: pure decisions from facts."""
