"""Services of assets."""
