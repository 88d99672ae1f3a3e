"""The jobs layer."""
