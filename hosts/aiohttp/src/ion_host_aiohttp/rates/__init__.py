"""How often a caller may ask, and how many tokens it may spend."""
