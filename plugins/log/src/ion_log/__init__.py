"""Leaves one log line for what happens to a turn."""
