"""Promises of reliability, each a runnable file: ``python -m perf.reliability``."""
