"""Questions to pledges."""
