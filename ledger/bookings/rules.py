"""Rules of bookings: pure decisions from facts."""
