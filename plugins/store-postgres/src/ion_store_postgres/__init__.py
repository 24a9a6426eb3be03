"""Keeps the conversations of ION in PostgreSQL."""
