"""The repository tested as a thing: what every file, route, document and migration must keep."""
