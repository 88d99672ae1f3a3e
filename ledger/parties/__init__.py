"""Parties: neighbourhoods, organisations, people, roles, sign-in, and the vault that alone can be erased."""
