"""Rules of ideas: pure decisions from facts."""
