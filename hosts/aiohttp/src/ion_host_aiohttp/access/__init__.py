"""Whom the host lets in: API keys, JSON Web Tokens, and what each caller may do."""
