"""Tables of bookings."""
