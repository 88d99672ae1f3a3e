"""Questions to bookings."""
