"""The schemas layer."""
