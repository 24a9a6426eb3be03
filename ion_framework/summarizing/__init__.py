"""Summaries of conversations: by the language model, or by choosing sentences of theirs."""
