"""Rules of assets: pure decisions from facts."""
