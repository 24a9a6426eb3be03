"""Conversations: what is kept of them, where, and how a turn continues one."""
