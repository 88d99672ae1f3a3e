"""Services of pledges."""
