"""Services of outcomes."""
