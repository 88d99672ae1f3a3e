"""Services of evidence."""
