"""Questions to dividends."""
