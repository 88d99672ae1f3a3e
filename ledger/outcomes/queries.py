"""Questions to outcomes."""
