"""Copies of the whole book: made while it is in use, restored beside it, and proved every night."""
