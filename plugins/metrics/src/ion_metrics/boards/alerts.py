"""The alerts as Prometheus's rules."""

from __future__ import annotations

import attrs

from ion_metrics import names
from ion_metrics.boards.widgets import (
    DUE,
    SERVED,
    error_ratio,
    hit_ratio,
    quantile,
    rate,
    ratio,
    unanswered_ratio,
)

OBJECTIVE = 0.999
"""Share of requests that are to succeed over 30 days: an error budget of 43.2 minutes."""


@attrs.frozen(kw_only=True)
class Alert:
    """An alert.

    Attributes:
        name: its name.
        expr: PromQL that holds while something is wrong.
        lasts: for how long it must hold.
        severity: ``page`` (now), or ``ticket`` (in working hours).
        summary: what is wrong, one line.
        runbook: what to look at and what to do.
    """

    name: str
    expr: str
    lasts: str
    severity: str
    summary: str
    runbook: str


@attrs.frozen
class Burn:
    """How fast the error budget is used up.

    Attributes:
        factor: so many times as fast as it may.
        long: the window that shows that it matters.
        short: the window that shows that it still goes on.
        lasts: for how long both must hold.
        severity: as of an alert.
        spent: share of the budget of 30 days that is gone by then.
    """

    factor: float
    long: str
    short: str
    lasts: str
    severity: str
    spent: str


BURNS = (
    Burn(14.4, "1h", "5m", "1m", "page", "2%"),
    Burn(6, "6h", "30m", "15m", "page", "5%"),
    Burn(3, "1d", "2h", "1h", "ticket", "10%"),
    Burn(1, "3d", "6h", "3h", "ticket", "10%"),
)
"""Windows and factors of "The Site Reliability Workbook", chapter 5, for 30 days."""

LEAST_TURNS = 10
"""Turns of five minutes before their share says anything, as `[slo] least_requests` has it."""

ERROR_RATIO = "ion:http_error_ratio:"
"""Beginning of the names of recorded series; the window follows."""

WINDOWS = ("5m", "30m", "1h", "2h", "6h", "1d", "3d")

THRESHOLDS = (
    Alert(
        name="IonErrorRateHigh",
        expr=f"{error_ratio()} > 0.05",
        lasts="5m",
        severity="page",
        summary="More than 5% of the requests have failed for five minutes.",
        runbook=(
            "Look at the panel Response codes: 503 alone is load (see Rate limit exceeded and load "
            "shed; add workers or hosts), 504 is a slow language model, 500 is a fault. GET "
            "/api/v2/health of the host names what is wrong, `ion plugins why NAME` says why a "
            "plugin is out, and ion_generation_attempts_total by outcome shows whether the "
            "generator fails. Take a plugin out with POST /api/v2/plugins/NAME/disable; go back to "
            "the last release where it began with one."
        ),
    ),
    Alert(
        name="IonLatencyHigh",
        expr=f"{quantile(0.95, names.HTTP_DURATION, SERVED)} > 2",
        lasts="5m",
        severity="page",
        summary="One request in twenty has taken longer than two seconds for five minutes.",
        runbook=(
            "Stage latency P95 says where the time goes. generate: the language model is slow; "
            "compare ion_generation_first_token_seconds, set a faster model first. cache: Redis is "
            "slow; see ion_cache_breaker_open. Everything at once: ion_loop_held_seconds_total "
            "names a plugin that holds the event loop, CPU shows a host at its limit."
        ),
    ),
    Alert(
        name="IonTurnsUnanswered",
        expr=(
            f"{unanswered_ratio()} > 0.05 and "
            f"sum(increase({names.TURNS.name}{{{DUE}}}[5m])) > {LEAST_TURNS - 1}"
        ),
        lasts="5m",
        severity="page",
        summary="More than 5% of the turns have had no answer, or a stand-in's, for five minutes.",
        runbook=(
            "ion_generation_attempts_total by plugin and outcome names the generator that fails, "
            "and why: its key, the provider's limits, or the provider itself. ion_turns_total by "
            "persona and outcome shows whether one persona is hit or all: `ion plugins why NAME` "
            "says what is wrong with one. no_answer: every generator failed; guard_failed: a guard."
        ),
    ),
    Alert(
        name="IonCacheHitRateLow",
        expr=f"{hit_ratio('30m')} < 0.8 and {rate(names.CACHE_TURNS, window='30m')} > 0.1",
        lasts="15m",
        severity="ticket",
        summary="The cache has answered fewer than 80% of the turns for a quarter of an hour.",
        runbook=(
            "Look at Cache operations: many bypasses are turns with a history, which are never "
            "cached. Evictions mean that memory is too small (ion_cache_evictions_total). A new "
            "version of a persona, a prompt or the model begins with an empty cache, and fills in "
            "the time of its answers. A tier whose look-ups fail has its breaker open: check Redis."
        ),
    ),
    Alert(
        name="IonNoInstance",
        expr=f"absent({names.PROCESSES.name}) or sum({names.PROCESSES.name}) < 1",
        lasts="1m",
        severity="page",
        summary="No host tells Prometheus anything.",
        runbook=(
            "Ask /health/live and /health/ready of a host yourself. Where they answer, Prometheus "
            "does not get in: GET /metrics needs the scope that the setting metrics.scope names. "
            "Where they do not, the log of the platform says how the processes ended."
        ),
    ),
    Alert(
        name="IonProcessesRestart",
        expr=f"sum by (instance) (increase({names.STARTS.name}[10m])) > 3",
        lasts="0m",
        severity="ticket",
        summary="Workers of a host have been started anew more than three times in ten minutes.",
        runbook=(
            "The log of the supervisor has a line `worker ended` with the exit code for each: -9 "
            "is mostly want of memory (compare Memory), 1 is a fault in a plugin with its reason."
        ),
    ),
    Alert(
        name="IonPluginOut",
        expr=(
            f"sum by (plugin, status) ({names.PLUGIN_STATUS.name}"
            '{status=~"failed|quarantined|invalid|conflict|incompatible|untrusted"}) > 0'
        ),
        lasts="5m",
        severity="ticket",
        summary="Plugin {{ $labels.plugin }} is {{ $labels.status }}.",
        runbook=(
            "`ion plugins why NAME`, or GET /api/v2/plugins, says why. One in quarantine comes "
            "back by itself; POST /api/v2/plugins/NAME/reload tries at once."
        ),
    ),
    Alert(
        name="IonRequestsRefused",
        expr=(
            ratio(
                # Before the first refusal there is no series, and a sum with nothing is nothing.
                f"(({rate(names.HTTP_LIMITED)} or vector(0)) + {rate(names.HTTP_SHED)})",
                rate(names.HTTP_REQUESTS, SERVED),
            )
            + " > 0.1"
        ),
        lasts="10m",
        severity="ticket",
        summary="One request in ten has been refused by rate limit or load for ten minutes.",
        runbook=(
            "Shed requests call for more workers or hosts. 429s of one caller are the limit at its "
            "work; where many callers meet it, raise rate.limit. ion_limiter_impaired above 0 says "
            "that Redis does not answer and every process counts for itself."
        ),
    ),
)


def burn_alerts() -> tuple[Alert, ...]:
    """An alert for each pace at which the error budget is used up, in two windows at once."""
    return tuple(
        Alert(
            name=f"IonErrorBudgetBurn{burn.factor:g}x".replace(".", "_"),
            expr=(
                f"{ERROR_RATIO}{burn.long} > ({burn.factor:g} * {1 - OBJECTIVE:.3f}) and "
                f"{ERROR_RATIO}{burn.short} > ({burn.factor:g} * {1 - OBJECTIVE:.3f})"
            ),
            lasts=burn.lasts,
            severity=burn.severity,
            summary=f"The error budget is used up {burn.factor:g} times as fast as it may be.",
            runbook=(
                f"{burn.spent} of the budget of 30 days ({1 - OBJECTIVE:.1%} of the requests) went "
                f"within {burn.long}, and the last {burn.short} go on like this. Do as for "
                "IonErrorRateHigh; `ion slo status` shows what is left. Hold back releases until "
                "the pace is below 1."
            ),
        )
        for burn in BURNS
    )


def recorded() -> dict[str, str]:
    """The series that are computed once for several alerts, by name."""
    return {f"{ERROR_RATIO}{window}": error_ratio(window) for window in WINDOWS}
