"""Trains the linear model of ion-resonance: ``python -m perf.training --data DIR``."""
