"""Questions to messages."""
