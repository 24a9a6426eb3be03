"""Twelve secrets on the way to every error: none turns up in an answer, a log line or Sentry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import attrs

from ion_framework.testing.model_servers.faults import Failure
from perf.processes import free_port
from perf.reliability.canaries import Canaries, without_echo
from perf.reliability.offline import port_of
from perf.reliability.promise import Finding, Promise, Setting
from perf.reliability.raw_http import exchange
from perf.reliability.sentry_server import SentryServer, sentry_server
from perf.reliability.stage import staged

CONFIG = """
[limits]
body_s = 1
header_s = 1
[turn]
deadline_s = 5
[plugin.log]
turns = "all"
requests = true
plugins = true
[plugin.sentry]
traces_sample_rate = 1.0
traces_per_minute = 60000
errors_per_minute = 60000
queue_size = 10000
"""
LEAST_STATUSES = 8


async def check(setting: Setting) -> Sequence[Finding]:
    """Go every way to an error, with a model service that repeats what it was sent and fails."""
    canaries = Canaries()
    bodies: dict[str, bytes] = {}
    statuses: set[int] = set()
    async with sentry_server() as sentry:
        variables = {
            **canaries.environ(free_port(), sentry.port),
            "ION_GEMINI_API_KEY": canaries.model_key,
            "ION_PLUGINS_DISABLE": "offline",
        }
        # Sentry's last envelopes come when the host ends.
        async with staged(setting, config=CONFIG, environ=variables) as stage:
            stage.gemini.behave(Failure(500, message=f"{canaries.model_key} {canaries.prompt}"))
            for name, request in canaries.requests():
                answer = await exchange(port_of(stage.hosts[0]), [request], patience_s=8.0)
                head, _, body = answer.received.partition(b"\r\n\r\n")
                bodies[name] = head + without_echo(body)
                statuses.update(answer.statuses)
            log = stage.hosts[0].log
    found = {name: _leaks(canaries, body) for name, body in bodies.items()}
    leaked = {name: secrets for name, secrets in found.items() if secrets}
    logged = _leaks(canaries, log.read_bytes())
    return [
        Finding(
            f"secrets in the answers to {len(bodies)} requests (but for v1's own `input`)",
            "0",
            f"{sum(map(len, leaked.values()))} {leaked or ''}",
            not leaked,
        ),
        Finding("secrets in standard output, errors and log", "0", f"{logged or 0}", not logged),
        Finding(
            "different statuses on the way",
            f">= {LEAST_STATUSES}",
            f"{sorted(statuses)}",
            len(statuses) >= LEAST_STATUSES,
        ),
        *_in_envelopes(canaries, sentry),
    ]


def _in_envelopes(canaries: Canaries, sentry: SentryServer) -> Sequence[Finding]:
    sent = _leaks(canaries, b"\n".join(sentry.envelopes))
    traces, errors = sentry.count("transaction"), sentry.count("event")
    return [
        Finding(
            f"secrets in {len(sentry.envelopes)} envelopes for Sentry",
            "0",
            f"{sent or 0}",
            not sent,
        ),
        Finding(
            "traces and errors that Sentry was sent",
            ">= 1 each",
            f"{traces} and {errors}",
            bool(traces and errors),
        ),
    ]


def _leaks(canaries: Canaries, text: bytes) -> list[str]:
    """The names of the secrets in a text."""
    secrets: Mapping[str, str] = attrs.asdict(canaries)
    return [name for name, secret in secrets.items() if secret.encode() in text]


PROMISE = Promise(
    number=23,
    title="12 secrets on the way to every error: none in a log line, an answer or Sentry",
    check=check,
    seconds=15,
    fast=True,
)
