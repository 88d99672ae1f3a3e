"""Services of parties."""
