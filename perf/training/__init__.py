"""Trains the linear model of ion-resonance: ``python -m perf.training --data DIR``."""

import os

# Set before numpy is imported. Several threads add up in an order that depends on their number, so
# that the bytes would depend on it too; and with vectors of this size they mostly wait.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
