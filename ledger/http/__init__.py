"""The http layer."""
