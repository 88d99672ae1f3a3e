"""Questions to assets."""
