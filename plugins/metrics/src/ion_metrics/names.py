"""Every metric: its name, its labels, what it says. No other module writes a name.

Names follow Prometheus: prefix ``ion_``, base units (seconds, bytes), ``_total`` for what only
grows. No label holds a user, a raw path or what anybody wrote, and every label is bounded: by what
is installed (persona, plugin, route), by a closed list (status, method), or by
`ion_metrics.vocabulary`.
"""

from __future__ import annotations

from enum import Enum

import attrs

HTTP_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2, 2.5, 5, 7.5, 10)
"""Seconds: those of OpenTelemetry's conventions for HTTP, and 2, the bound of an alert."""

TURN_BUCKETS = tuple(round(0.01 * 2**power, 2) for power in range(14))
"""Seconds, 0.01 to 81.92: those of OpenTelemetry's conventions for generative models."""

STAGE_BUCKETS = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 60)
"""Seconds; most stages take less than one thousandth."""

LAG_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)


class Kind(Enum):
    """How a metric behaves.

    A counter only grows, and what a process that is gone has counted stays. A gauge says what is,
    added up over the processes that live. A histogram is counters by bucket.
    """

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


@attrs.frozen(eq=False)
class Metric:
    """A metric.

    Attributes:
        name: its name.
        kind: how it behaves.
        help: what it says, one sentence.
        labels: names of its labels.
        buckets: upper bounds of the buckets of a histogram, without infinity.
    """

    name: str
    kind: Kind
    help: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()

    @property
    def width(self) -> int:
        """How many numbers one series of it has: a histogram has one more bucket, and the sum."""
        return len(self.buckets) + 2 if self.buckets else 1


def _counter(name: str, told: str, *labels: str) -> Metric:
    return Metric(name, Kind.COUNTER, told, labels)


def _gauge(name: str, told: str, *labels: str) -> Metric:
    return Metric(name, Kind.GAUGE, told, labels)


def _histogram(name: str, told: str, buckets: tuple[float, ...], *labels: str) -> Metric:
    return Metric(name, Kind.HISTOGRAM, told, labels, buckets)


# --- requests -----------------------------------------------------------------------------------

HTTP_REQUESTS = _counter(
    "ion_http_requests_total",
    "Requests that the host ended, by route pattern (empty where none matched) and status."
    " An answer that failed after its beginning has the status of its error."
    " Connections that last are counted apart: ion_http_lasting_total.",
    "method", "route", "status",
)  # fmt: skip
HTTP_LASTING = _counter(
    "ion_http_lasting_total",
    "Connections that ended and had gone on for as long as their callers liked (WebSockets, streams"
    " of figures and of recordings), by route pattern and status.",
    "method", "route", "status",
)  # fmt: skip
HTTP_DURATION = _histogram(
    "ion_http_request_duration_seconds",
    "Seconds from the head of a request to the end of its answer.",
    HTTP_BUCKETS,
    "method", "route",
)  # fmt: skip
HTTP_LIMITED = _counter(
    "ion_http_rate_limited_total", "Requests answered 429 by the rate limit.", "route"
)
HTTP_SHED = _counter("ion_http_requests_shed_total", "Requests refused for want of room (503).")
HTTP_IN_FLIGHT = _gauge("ion_http_requests_in_flight", "Requests that are worked on now.")
HTTP_WAITING = _gauge("ion_http_requests_waiting", "Requests that wait for a place now.")
HTTP_CONNECTIONS = _gauge("ion_http_connections", "Connections that are open now.")
LIMITER_IMPAIRED = _gauge(
    "ion_limiter_impaired", "Processes whose rate limit is not what it is meant to be."
)

# --- turns --------------------------------------------------------------------------------------

TURNS = _counter(
    "ion_turns_total",
    "Turns by persona (empty where none was chosen), outcome (answered, or the code of the "
    "failure) and whether the answer was second best.",
    "persona", "outcome", "degraded",
)  # fmt: skip
TURN_DURATION = _histogram(
    "ion_turn_duration_seconds",
    "Seconds of a turn, by what the cache did; failed where there was no answer.",
    TURN_BUCKETS,
    "cache",
)
STAGE_DURATION = _histogram(
    "ion_stage_duration_seconds", "Seconds of one stage of a turn.", STAGE_BUCKETS, "stage"
)
ATTEMPTS = _counter(
    "ion_generation_attempts_total",
    "Attempts to generate, by generator, model and outcome (succeeded, or the cause of failure).",
    "plugin", "model", "outcome",
)  # fmt: skip
ATTEMPT_DURATION = _histogram(
    "ion_generation_duration_seconds", "Seconds of one attempt.", TURN_BUCKETS, "plugin"
)
FIRST_TOKEN = _histogram(
    "ion_generation_first_token_seconds",
    "Seconds until the first piece of text of an attempt.",
    TURN_BUCKETS,
    "plugin",
)
TOKENS = _counter(
    "ion_generation_tokens_total",
    "Tokens spent, by model (empty where a stored answer was made anew) and kind (input, output; "
    "cached is part of input).",
    "model", "kind",
)  # fmt: skip
COST = _counter(
    "ion_generation_cost_dollars_total", "Price of what was generated, in US dollars.", "model"
)
REFRESHES = _counter(
    "ion_answer_refreshes_total", "Stored answers made anew behind a caller's back.", "outcome"
)

# --- cache --------------------------------------------------------------------------------------

CACHE_TURNS = _counter(
    "ion_cache_turns_total", "Turns by what the cache did: hit, stale, miss or bypass.", "status"
)
CACHE_LOOKUPS = _counter(
    "ion_cache_lookups_total", "Look-ups in a tier of the cache, by result.", "tier", "result"
)
CACHE_EVICTIONS = _counter(
    "ion_cache_evictions_total", "Answers that a tier put out for want of room.", "tier"
)
CACHE_FAILURES = _counter(
    "ion_cache_failures_total", "Look-ups to which a tier gave no answer at all.", "tier"
)
CACHE_ENTRIES = _gauge("ion_cache_entries", "Answers that a tier holds, as it counts them.", "tier")
CACHE_BYTES = _gauge("ion_cache_bytes", "Bytes that a tier holds, as it counts them.", "tier")
CACHE_BREAKER = _gauge(
    "ion_cache_breaker_open",
    "Processes whose breaker of a tier lets nothing through.",
    "tier", "breaker",
)  # fmt: skip

# --- plugins ------------------------------------------------------------------------------------

PLUGIN_STATUS = _gauge(
    "ion_plugin_status", "Processes in which a plugin has a status.", "plugin", "status"
)
PLUGIN_CHANGES = _counter(
    "ion_plugin_status_changes_total", "Changes of a plugin to a status.", "plugin", "status"
)
PLUGIN_CALLS = _counter(
    "ion_plugin_calls_total",
    "Calls in turns that failed, or that were skipped (quarantine, or no place free).",
    "plugin", "hook", "outcome",
)  # fmt: skip
PLUGIN_FAILURES = _counter(
    "ion_plugin_failures_total", "Calls that failed by the plugin's own fault.", "plugin"
)
BULKHEAD_REFUSALS = _counter(
    "ion_plugin_bulkhead_refusals_total", "Calls that found no place in the bulkhead.", "plugin"
)
BULKHEAD_RUNNING = _gauge(
    "ion_plugin_bulkhead_running", "Calls in a bulkhead that run now.", "plugin"
)
OBSERVED = _counter(
    "ion_observer_events_total",
    "Events for an observer: delivered, dropped or failed.",
    "plugin", "outcome",
)  # fmt: skip
LOOP_HELD = _counter(
    "ion_loop_held_total", "How often code held the event loop, by its plugin.", "plugin"
)
LOOP_HELD_SECONDS = _counter(
    "ion_loop_held_seconds_total", "Seconds for which it did, together.", "plugin"
)

# --- processes ----------------------------------------------------------------------------------

LOOP_LAG = _histogram(
    "ion_loop_lag_seconds", "Seconds by which the event loop came late to a timer.", LAG_BUCKETS
)
MEMORY = _gauge("ion_process_resident_memory_bytes", "Bytes of memory that processes hold.")
CPU = _counter("ion_process_cpu_seconds_total", "Seconds of processor time that processes used.")
OPEN_FILES = _gauge("ion_process_open_fds", "File descriptors that processes have open.")
THREADS = _gauge("ion_process_threads", "Threads of processes.")
PROCESSES = _gauge("ion_processes", "Processes of the host that live.")
STARTS = _counter("ion_process_starts_total", "Processes that were started since the host was.")
BUILD_INFO = _gauge("ion_build_info", "Versions; always 1 and more.", "version", "python")
SERIES_REFUSED = _counter(
    "ion_metrics_series_refused_total", "Series that found no room and are not counted."
)

ALL: tuple[Metric, ...] = tuple(each for each in dict(globals()).values() if type(each) is Metric)
BY_NAME = {metric.name: metric for metric in ALL}
