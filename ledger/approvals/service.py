"""Services of approvals."""
