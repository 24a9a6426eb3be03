"""The installed plugin keeps the contract of a generator."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import ClassVar

from ion_framework import Ion, Settings
from ion_framework.plugin_host.record import Status
from ion_framework.testing import FakeGemini, GeneratorContract, lone_source, running_ion

KEY = "AIza-S3CRET-key"


class TestGemini(GeneratorContract):
    """The plugin, asking a fake server."""

    plugin = "gemini"
    waived: ClassVar[Mapping[str, str]] = {"running": "it asks a server of its own"}
    environ: ClassVar[dict[str, str]] = {
        "ION_GEMINI_API_KEY": KEY,
        "ION_GEMINI_MODEL": "gemini-test-1",
    }

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Ion]:
        """With a server to ask."""
        async with FakeGemini(api_key=KEY) as fake:
            settings = Settings(plugin={self.plugin: {"base_url": fake.base_url}})
            source = lone_source(self.plugin, *self._stand_ins())
            async with Ion(settings, source=source, environ=self.environ) as ion:
                yield ion


def test_it_is_idle_without_a_key_or_a_project() -> None:
    """Without a key and a project the plugin is IDLE and says what it needs."""
    record = Ion(Settings(), source=lone_source("gemini"), environ={}).host.record("gemini")
    assert record.status is Status.IDLE
    assert "ION_GEMINI_API_KEY or GEMINI_API_KEY" in record.reason
    assert "ION_GEMINI_VERTEX_PROJECT" in record.reason


def test_a_project_makes_it_ready() -> None:
    """A Vertex AI project is enough, without a key."""
    environ: ClassVar[dict[str, str]] = {"ION_GEMINI_VERTEX_PROJECT": "a-project"}
    record = Ion(Settings(), source=lone_source("gemini"), environ=environ).host.record("gemini")
    assert record.status is Status.READY


async def test_settings_that_cannot_work_are_named_at_activation() -> None:
    """A model id with a '#' makes the plugin FAILED, with the key and what is valid."""
    settings = Settings(plugin={"gemini": {"api_key": KEY, "model": "gemini#frag"}})
    source = lone_source("gemini")
    async with Ion(settings, source=source, environ={}) as ion, running_ion():
        record = ion.host.record("gemini")
        assert record.status is Status.FAILED
        assert "plugin.gemini.model: must be the id of a model" in record.reason
        assert KEY not in record.reason


async def test_times_that_contradict_each_other_are_named_at_activation() -> None:
    """A first word that may take longer than the whole answer makes the plugin FAILED."""
    given = {"api_key": KEY, "first_token_s": 20.0, "total_s": 10.0}
    settings = Settings(plugin={"gemini": given})
    async with Ion(settings, source=lone_source("gemini"), environ={}) as ion:
        record = ion.host.record("gemini")
        assert record.status is Status.FAILED
        assert (
            "first_token_s (20) must not be more than total_s (10): lower the first or raise the "
            "second @ plugin.gemini" in record.reason
        )
        assert KEY not in record.reason
