"""Ideas: the innovation brokers' register. Grows here; no table yet."""
