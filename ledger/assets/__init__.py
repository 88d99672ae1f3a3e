"""Assets: the register of public buildings and land, its import and its listings."""
