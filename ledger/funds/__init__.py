"""Funds: match offers and pots that institutions commit, reserve and pay."""
