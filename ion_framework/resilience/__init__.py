"""What plugins that talk to something unreliable share: breaker, backoff, retry budget."""

from ion_framework.resilience.backoff import delay_s, full_jitter
from ion_framework.resilience.breaker import (
    Breaker,
    BreakerChange,
    BreakerSettings,
    BreakerState,
    BreakerStats,
    Ticket,
)
from ion_framework.resilience.retry_budget import RetryBudget

__all__ = [
    "Breaker",
    "BreakerChange",
    "BreakerSettings",
    "BreakerState",
    "BreakerStats",
    "RetryBudget",
    "Ticket",
    "delay_s",
    "full_jitter",
]
