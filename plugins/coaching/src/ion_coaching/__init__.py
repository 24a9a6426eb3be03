"""Tells the phase of a conversation and the quality of an answer, by measure alone."""
