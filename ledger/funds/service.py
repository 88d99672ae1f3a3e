"""Services of funds."""
