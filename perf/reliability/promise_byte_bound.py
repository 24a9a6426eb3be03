"""The memory tier keeps its bound in bytes, as it counts them and as the system does."""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import Sequence

import cattrs

from perf.reliability.child import command, environ
from perf.reliability.feeding import Fed
from perf.reliability.promise import Finding, Promise, Setting

BOUND = 64 << 20
AMOUNT = 1 << 30
GROWTH, ALLOWANCE_MB = 1.5, 20.0
MB = 1_000_000


async def check(setting: Setting) -> Sequence[Finding]:
    """Feed a tier in a process of its own; the bound shrinks with the amount."""
    bound, amount = setting.number(BOUND, 2 << 20), setting.number(AMOUNT, 32 << 20)
    fed = await asyncio.to_thread(_feed, bound, amount, setting)
    grown_mb = max(fed.resident_mb) - fed.resident_before_mb
    allowed_mb = GROWTH * bound / MB + ALLOWANCE_MB
    return [
        Finding(
            f"most bytes held, {fed.fed_bytes / MB:.0f} MB in {fed.values} values fed",
            f"<= {bound} bytes",
            f"{fed.largest_bytes} bytes",
            fed.largest_bytes <= bound,
        ),
        Finding(
            "growth of the process's resident memory",
            f"< {allowed_mb:.1f} MB (1.5 x the bound + 20)",
            f"{grown_mb:.1f} MB",
            grown_mb < allowed_mb,
            {"resident, MB": fed.resident_mb, "resident before, MB": (fed.resident_before_mb,)},
        ),
    ]


def _feed(bound: int, amount: int, setting: Setting) -> Fed:
    words = ("--bound", str(bound), "--amount", str(amount), "--seed", f"{setting.seed}/feeding")
    done = subprocess.run(
        command("feeding", *words), env=environ(), stdout=subprocess.PIPE, check=True
    )
    return cattrs.structure(json.loads(done.stdout), Fed)


PROMISE = Promise(
    number=4,
    title="Memory never takes more bytes than it was given",
    check=check,
    seconds=3,
    fast=True,
)
