"""Bookings: spaces, atoms, claims, series and occurrences, rates, use and its subsidy."""
