"""The kernel: database, clock, money, ids, errors and limits that every wing stands on."""
