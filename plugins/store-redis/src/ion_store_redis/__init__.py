"""Keeps the conversations of ION in Redis."""
