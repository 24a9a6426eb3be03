"""Answers with a model behind any server of the OpenAI chat protocol."""
