"""Services of dividends."""
