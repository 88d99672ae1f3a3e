"""Questions to parties."""
