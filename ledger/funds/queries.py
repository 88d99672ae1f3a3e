"""Questions to funds."""
