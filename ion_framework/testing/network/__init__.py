"""A real Redis process, and a network between you and it that misbehaves as told."""
