"""Lets the active language model judge tone and intent where the offline analyser is unsure."""
