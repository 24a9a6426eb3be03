"""No single request of up to a megabyte holds the others up."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from perf.reliability.heavy import heavy_requests
from perf.reliability.offline import offline_host, port_of
from perf.reliability.probe import EVERY_S, Probe, probing
from perf.reliability.promise import Finding, Promise, Setting
from perf.reliability.raw_http import exchange

STALL_S = 0.05
TIMES = 5
CONFIGS = {"as it is": "", "bodies of 2 MB": "[limits]\nbody_bytes = 2097152\n"}
"""As delivered a host refuses such bodies by their length; one that takes them must bear them."""


async def check(setting: Setting) -> Sequence[Finding]:
    """Send each request some times, beside a client that asks every few milliseconds."""
    findings = []
    # Making them takes a second, in which nobody could be heard.
    requests = {
        f"{path} {kind}": request
        for path, field in (("/chat", "message"), ("/api/v2/process", "user_input"))
        for kind, request in heavy_requests(path, field)
    }
    for name, config in CONFIGS.items():
        async with (
            offline_host(setting, config) as host,
            probing(port_of(host)) as probe,
        ):
            port = port_of(host)
            times = setting.number(TIMES)
            quiet = await _stall_s(
                port, probe, times, b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n"
            )
            found = {
                kind: await _stall_s(port, probe, times, request)
                for kind, request in requests.items()
            }
        worst = max(found, key=lambda key: found[key])
        findings.append(
            Finding(
                f"{name}: longest wait of another client, {len(found)} requests, "
                f"each the median of {times}",
                f"<= {STALL_S * 1000:g} ms",
                f"{found[worst] * 1000:.0f} ms ({worst}; {quiet * 1000:.0f} ms beside a light one)",
                found[worst] <= STALL_S,
                {key: [value] for key, value in found.items()},
            )
        )
    return findings


async def _stall_s(port: int, probe: Probe, times: int, request: bytes) -> float:
    worst = []
    for _ in range(times):
        probe.worst_s()
        await exchange(port, [request], quiet_s=2 * EVERY_S)
        worst.append(probe.worst_s())
    return statistics.median(worst)


PROMISE = Promise(
    number=14,
    title="a request of up to 1 MB holds no other up for more than 50 ms",
    check=check,
    seconds=60,
    fast=True,
)
