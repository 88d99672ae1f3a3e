"""The exports layer."""
