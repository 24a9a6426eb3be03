"""Twelve secrets on the way to every error: none turns up in a log line or an answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack

import attrs

from ion_framework.testing.model_servers.faults import Failure
from perf.processes import free_port
from perf.reliability.canaries import Canaries, without_echo
from perf.reliability.offline import port_of
from perf.reliability.promise import Finding, Promise, Setting
from perf.reliability.raw_http import exchange
from perf.reliability.stage import staged

CONFIG = "[limits]\nbody_s = 1\nheader_s = 1\n[turn]\ndeadline_s = 5\n"
LEAST_STATUSES = 8


async def check(setting: Setting) -> Sequence[Finding]:
    """Go every way to an error, with a model service that repeats what it was sent and fails."""
    canaries = Canaries()
    variables = {
        **canaries.environ(free_port()),
        "ION_GEMINI_API_KEY": canaries.model_key,
        "ION_PLUGINS_DISABLE": "offline",
    }
    bodies: dict[str, bytes] = {}
    statuses: set[int] = set()
    async with AsyncExitStack() as stack:
        stage = await stack.enter_async_context(staged(setting, config=CONFIG, environ=variables))
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
    ]


def _leaks(canaries: Canaries, text: bytes) -> list[str]:
    """The names of the secrets in a text."""
    secrets: Mapping[str, str] = attrs.asdict(canaries)
    return [name for name, secret in secrets.items() if secret.encode() in text]


PROMISE = Promise(
    number=23,
    title="12 secrets on the way to every error: none in a log line or an answer",
    check=check,
    seconds=15,
    fast=True,
)
