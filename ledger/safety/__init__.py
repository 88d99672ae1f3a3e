"""The ledger's own safety net: what is looked at, what was found, and when value must stand still."""
