"""The model service is down for a minute: what was answered once is answered on, flagged stale."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from ion_framework.testing.model_servers.faults import fault
from perf.reliability.open_loop import open_loop
from perf.reliability.personas import install_mayfly
from perf.reliability.promise import Finding, Promise, Setting
from perf.reliability.stage import Stage, staged

RATE = 50.0
WARM = tuple(f"How do I read chart number {number} of the report?" for number in range(100))
TTL_S = 1
CONFIG = """
[plugin.two-tier-cache]
stale_while_revalidate_s = {revalidate_s}
stale_if_error_s = 600
"""
ANSWERED = 0.99


async def check(setting: Setting) -> Sequence[Finding]:
    """Warm the cache, take the service down, and let the answers grow old past both windows."""
    down_s = setting.seconds(60, 4)
    folder = setting.folder / "packages"
    folder.mkdir()
    async with staged(
        setting,
        config=CONFIG.format(revalidate_s=down_s / 3),
        environ=install_mayfly(folder, TTL_S),
    ) as stage:
        for text in WARM:
            said = await stage.ask(text)
            if said.failure:
                raise AssertionError(f"the cache could not be warmed: {said.failure}")
        stage.gemini.behave(fault("unavailable-503"))
        return await _down(stage, down_s)


async def _down(stage: Stage, down_s: float) -> Sequence[Finding]:
    seen: Counter[str] = Counter()

    async def send(number: int) -> str:
        said = await stage.ask(WARM[number % len(WARM)])
        seen[said.cache] += 1
        return said.failure

    load = await open_loop(send, RATE, down_s)
    total = len(load.shots)
    # In the first second the answers are still fresh, and that is what they are called.
    late = total - round(RATE * TTL_S * 1.2)
    answered = 1 - len(load.failures) / total
    return (
        Finding(
            "warm keys answered while the service is down",
            f">= {ANSWERED:.0%}",
            f"{answered:.2%} of {total}",
            answered >= ANSWERED,
            {"took": load.took_s()},
        ),
        Finding(
            "flagged stale once they are past their time",
            f">= {ANSWERED:.0%}",
            f"{seen['stale'] / late:.2%} ({dict(seen)})",
            seen["stale"] / late >= ANSWERED,
        ),
    )


PROMISE = Promise(
    number=11,
    title="the model service down for a minute: warm keys are answered, flagged stale",
    check=check,
    seconds=70,
)
