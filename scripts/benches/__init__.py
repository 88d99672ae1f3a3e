"""Speed, always measured beside a bare equivalent in the same run, in turn."""
