"""Measurements of ION against bare baselines, taken in the same run.

``python -m perf.startup`` measures start and size, ``python -m perf.turn`` a turn in one process.
Both print a table and write every raw sample into ``perf/results``.
"""
