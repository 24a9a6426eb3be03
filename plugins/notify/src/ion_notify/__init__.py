"""Tells people and programs of a host's alerts."""
