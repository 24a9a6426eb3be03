"""Answers that arrive while they are made: as server-sent events and over WebSockets."""
