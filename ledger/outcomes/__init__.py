"""Outcomes: measures, readings that are only ever revised, baselines and the statistics of proof."""
