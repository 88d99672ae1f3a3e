"""Rules of dividends: pure decisions from facts."""
