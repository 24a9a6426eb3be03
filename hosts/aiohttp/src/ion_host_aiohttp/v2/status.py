"""``GET /api/v2/status``: version, state and figures of the cache, in short."""

from __future__ import annotations

import attrs

from ion_host_aiohttp.access.caller import Scope
from ion_host_aiohttp.api.endpoint import Answer, Call, Endpoint, ErrorStyle
from ion_host_aiohttp.health import assess
from ion_host_aiohttp.service import Service
from ion_host_aiohttp.times import iso_time
from ion_host_aiohttp.v2.cache_views import CacheFigures, figures_of
from ion_host_aiohttp.v2.plugin_views import PluginView, views_of

VERSION = "v2.0"


@attrs.frozen(kw_only=True, slots=False)
class StatusReport:
    """The state of the service.

    Attributes:
        version: the version of this API.
        status: ``operational``, or ``degraded`` where health says what is wrong.
        cache_stats: figures of the cache.
        plugins: every plugin with its quarantine and its figures, of the process that answers;
            null for who is no administrator.
    """

    version: str
    status: str
    cache_stats: CacheFigures
    plugins: tuple[PluginView, ...] | None
    timestamp: str


async def status(call: Call[None], service: Service) -> Answer:
    """Say how the service is, in short."""
    is_admin = call.caller.may(Scope.ADMIN)
    return Answer(
        body=StatusReport(
            version=VERSION,
            status="operational" if assess(service).healthy else "degraded",
            cache_stats=figures_of(service, detailed=is_admin),
            plugins=views_of(service) if is_admin else None,
            timestamp=iso_time(service.clock.time()),
        )
    )


STATUS = Endpoint(
    method="GET",
    path="/api/v2/status",
    handler=status,
    style=ErrorStyle.V2,
    summary="Version, state and figures of the cache, in short.",
    response=StatusReport,
    scope=Scope.READ,
)
