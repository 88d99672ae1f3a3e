"""The demonstration town: Harrowmere, which is nowhere, and thirty-six months of its life.

Everything that happens there is done by the services themselves, on a clock that is moved
through time, so that what a visitor sees is what the product does. All people, groups,
streets and figures are invented.
"""
