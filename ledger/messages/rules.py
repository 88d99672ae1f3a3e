"""Rules of messages: pure decisions from facts."""
