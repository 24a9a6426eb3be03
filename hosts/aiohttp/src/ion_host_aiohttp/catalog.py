"""Every endpoint that the host brings, and those that plugins add by the same means."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ion_framework.errors import PluginError
from ion_host_aiohttp.endpoint import Endpoint
from ion_host_aiohttp.v1.chat import CHAT
from ion_host_aiohttp.v1.service_info import ENDPOINTS as SERVICE_INFO
from ion_host_aiohttp.v2.health import HEALTH
from ion_host_aiohttp.v2.personas import ENDPOINTS as PERSONAS
from ion_host_aiohttp.v2.process import PROCESS

OWN: tuple[Endpoint[Any], ...] = (*SERVICE_INFO, CHAT, PROCESS, *PERSONAS, HEALTH)


def all_endpoints(provided: Iterable[object]) -> tuple[Endpoint[Any], ...]:
    """The host's endpoints, then those of plugins.

    Args:
        provided: what plugins returned from ``ion_provide_routes``; what is not an `Endpoint` is
            meant for another host.

    Raises:
        PluginError: two endpoints answer the same method and path.
    """
    found = (*OWN, *(route for route in provided if isinstance(route, Endpoint)))
    taken: dict[tuple[str, str], Endpoint[Any]] = {}
    for endpoint in found:
        other = taken.setdefault((endpoint.method, endpoint.path), endpoint)
        if other is not endpoint:
            raise PluginError(
                f"two endpoints answer {endpoint.method} {endpoint.path}: {other.summary!r} and "
                f"{endpoint.summary!r}; disable the plugin that adds the second, or have its "
                "author choose another path"
            )
    return found
