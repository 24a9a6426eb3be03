"""Feedback on answers: which turns it may be about, and where it is kept."""
