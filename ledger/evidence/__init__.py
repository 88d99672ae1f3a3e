"""Evidence: documents by content hash, and who saw them. Grows here; no table yet."""
