"""Tables of dividends."""
