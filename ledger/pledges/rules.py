"""Rules of pledges: pure decisions from facts."""
