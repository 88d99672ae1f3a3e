"""Settings of one installation; nothing here imports the ledger."""
