"""Audit: events, the Merkle log over journals, checkpoints, receipts, requests answered and jobs run."""
