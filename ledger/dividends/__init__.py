"""Dividends: agreements, determinations, reservations, awards, holdbacks and their release."""
