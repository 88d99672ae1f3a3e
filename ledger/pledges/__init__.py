"""Pledges: collective promises with a threshold, commitments in any unit, collection and release."""
