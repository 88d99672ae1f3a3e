"""Tables of funds."""
