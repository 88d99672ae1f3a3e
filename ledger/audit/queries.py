"""Questions to audit."""
