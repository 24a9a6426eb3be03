"""An `Ion` of this process with the installed plugins, before a fake Gemini."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from ion_framework import Ion, Settings
from ion_framework.settings.model import PluginSettings, TurnSettings
from ion_framework.testing.model_servers.fake_gemini import FakeGemini
from perf.reliability.stage import KEY, MODEL

SHORT: Mapping[str, object] = {
    "connect_s": 0.5,
    "first_token_s": 0.5,
    "next_token_s": 0.5,
    "total_s": 2.5,
    "tries": 2,
    "retry_base_s": 0.01,
    # A matrix of faults is one long outage, in which a breaker would leave nothing to see.
    "breaker_failures": 1000,
    "retry_reserve": 1000,
}
"""Deadlines of the plugin short enough for every fault to be played in seconds."""

DEADLINE_S = 3.0


@asynccontextmanager
async def gemini_ion(gemini: FakeGemini, changes: Mapping[str, object]) -> AsyncIterator[Ion]:
    """An Ion that answers with the fake, and with no stand-in.

    Args:
        gemini: the fake.
        changes: settings of the Gemini plugin beside `SHORT`.
    """
    plugin = {"gemini": {"base_url": gemini.base_url, "model": MODEL, **SHORT, **changes}}
    settings = Settings(
        plugins=PluginSettings(disable=("offline",)),
        turn=TurnSettings(deadline_s=DEADLINE_S),
        plugin=plugin,
    )
    async with Ion(settings, environ={"ION_GEMINI_API_KEY": KEY}) as ion:
        yield ion
