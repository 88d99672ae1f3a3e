"""People's whole ways through the pages, in a real browser against a running service."""
