"""``GET /api/v2/status``: version, state and figures of the cache, in short."""

from __future__ import annotations

from typing import Any

import attrs

from ion_host_aiohttp.access.caller import Scope
from ion_host_aiohttp.api.endpoint import Answer, Call, Endpoint, ErrorStyle
from ion_host_aiohttp.health import assess_closely
from ion_host_aiohttp.service import Service
from ion_host_aiohttp.times import iso_time
from ion_host_aiohttp.v2.cache_views import CacheFigures, figures_of
from ion_host_aiohttp.v2.plugin_views import PluginView, views_of

VERSION = "v2.0"


@attrs.frozen(kw_only=True, slots=False)
class StoreReport:
    """The store of conversations.

    Attributes:
        serves: whether it does.
        stats: what it tells of itself (connections, operations, troubles by kind, …), as its plugin
            documents it; null where it tells nothing, or not in time.
    """

    serves: bool
    stats: dict[str, Any] | None


@attrs.frozen(kw_only=True, slots=False)
class StatusReport:
    """The state of the service.

    Attributes:
        version: the version of this API.
        status: ``operational``, or ``degraded`` where health says what is wrong.
        cache_stats: figures of the cache.
        plugins: every plugin with its quarantine and its figures, of the process that answers;
            null for who is no administrator.
        store: the store of conversations as the process that answers finds it; null for who is no
            administrator, and where there is none.
    """

    version: str
    status: str
    cache_stats: CacheFigures
    plugins: tuple[PluginView, ...] | None
    store: StoreReport | None
    timestamp: str


async def status(call: Call[None], service: Service) -> Answer:
    """Say how the service is, in short."""
    is_admin = call.caller.may(Scope.ADMIN)
    assessment = await assess_closely(service)
    return Answer(
        body=StatusReport(
            version=VERSION,
            status="operational" if assessment.healthy else "degraded",
            cache_stats=figures_of(service, detailed=is_admin),
            plugins=await views_of(service, call.language) if is_admin else None,
            store=await _store(service) if is_admin else None,
            timestamp=iso_time(service.clock.time()),
        )
    )


async def _store(service: Service) -> StoreReport | None:
    watch = service.store_watch
    if not watch.enabled:
        return None
    found = await watch.figures()
    return StoreReport(serves=watch.serves, stats=None if found is None else dict(found))


STATUS = Endpoint(
    method="GET",
    path="/api/v2/status",
    handler=status,
    style=ErrorStyle.V2,
    summary="Version, state and figures of the cache, in short.",
    response=StatusReport,
    scope=Scope.READ,
)
