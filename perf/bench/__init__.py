"""Benchmarks: ION beside what cannot be done without, in one run; see perf/README.md."""
