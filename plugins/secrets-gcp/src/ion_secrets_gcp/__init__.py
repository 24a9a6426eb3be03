"""Takes secrets of ION and its plugins from Google Cloud Secret Manager."""
