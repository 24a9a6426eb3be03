"""The installed plugin holds what every generator has to hold."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import ClassVar

from ion_framework import Ion
from ion_framework.testing import FakeOpenAI, GeneratorContract


class TestOpenAICompatible(GeneratorContract):
    """The contract of generators, with a server to talk to while an `Ion` runs."""

    plugin = "openai-compatible"
    waived: ClassVar[Mapping[str, str]] = {"running": "each `Ion` gets a server of its own"}
    environ = {"ION_OPENAI_BASE_URL": "http://127.0.0.1:9/v1"}  # noqa: RUF012  the contract declares it

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Ion]:
        """Every `Ion` gets a server of its own."""
        async with FakeOpenAI() as fake:
            self.environ = {"ION_OPENAI_BASE_URL": fake.base_url}
            async with self.make() as ion:
                yield ion
