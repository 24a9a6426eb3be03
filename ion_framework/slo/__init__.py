"""Service level objectives: what a host promises, how it keeps it, and who is told when not.

Requests and turns are counted as they end (`ion_framework.slo.tally`), read once in a while into
slots (`ion_framework.slo.history`), held against rules (`ion_framework.slo.rules`), and told as
notices when that changes (`ion_framework.slo.evaluator`). Nothing here does I/O, and time comes
from a `ion_framework.clock.Clock`.
"""
