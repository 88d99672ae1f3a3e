"""Questions to evidence."""
