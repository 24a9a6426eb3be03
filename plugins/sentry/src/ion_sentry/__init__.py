"""Sends failed turns and sampled traces to Sentry."""
