"""Tells Prometheus what a host does, added up over all of its workers."""
