"""Questions to ideas."""
