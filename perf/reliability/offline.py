"""A host whose work is all its own: the offline generator, no model service, no Redis."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from perf.reliability.promise import Setting
from perf.reliability.stage import HostProcess, staged

OFFLINE: Mapping[str, str] = {"ION_GEMINI_API_KEY": "", "ION_RATE_LIMIT": "off"}


@asynccontextmanager
async def offline_host(
    setting: Setting, config: str = "", environ: Mapping[str, str] | None = None
) -> AsyncIterator[HostProcess]:
    """Start a host of that kind.

    Args:
        setting: of the check; its folder takes log and settings.
        config: content of ``ion.toml``.
        environ: further variables.
    """
    variables = {**OFFLINE, **(environ or {})}
    async with staged(setting, config=config, environ=variables) as stage:
        yield stage.hosts[0]


def port_of(host: HostProcess) -> int:
    """The port of a host."""
    port = urlsplit(host.url).port
    assert port is not None  # noqa: S101  every host is started at a port
    return port
