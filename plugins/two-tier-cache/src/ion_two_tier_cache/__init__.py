"""The cache of replies: a memory tier behind the core's `TurnCache` port."""
