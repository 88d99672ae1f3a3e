"""Questions to approvals."""
