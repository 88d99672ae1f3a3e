"""The Community Ledger: pledges, bookings and dividends kept in books a resident can verify."""
