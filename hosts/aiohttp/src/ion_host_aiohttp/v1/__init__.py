"""API v1, at the root: the original's paths and fields."""
