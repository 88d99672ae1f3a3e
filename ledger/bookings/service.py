"""Services of bookings."""
