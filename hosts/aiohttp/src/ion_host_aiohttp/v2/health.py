"""``GET /api/v2/health``: the health of the service with real figures."""

from __future__ import annotations

import attrs

from ion_host_aiohttp.access.caller import Scope
from ion_host_aiohttp.api.endpoint import Answer, Call, Endpoint, ErrorStyle
from ion_host_aiohttp.errors.problem import DEFAULT_LANGUAGE
from ion_host_aiohttp.health import assess_closely, redis_state
from ion_host_aiohttp.service import Service
from ion_host_aiohttp.times import iso_time

API_VERSION = "2.0"
_HEALTHY, _UNAVAILABLE, _DISABLED = "healthy", "unavailable", "disabled"


@attrs.frozen(kw_only=True, slots=False)
class ServiceStatus:
    """Figures of all processes since the start; ``error_rate`` is the share of 5xx, 0 to 1."""

    status: str
    version: str
    timestamp: str
    uptime_ms: float
    cached_requests: int
    error_rate: float


@attrs.frozen(kw_only=True, slots=False)
class Dependencies:
    """Each ``healthy``, ``unavailable`` or ``disabled``; ``store`` is that of conversations."""

    pipeline: str
    cache: str
    redis: str
    pipeline_cache: str
    store: str


@attrs.frozen(kw_only=True, slots=False)
class HealthReport:
    """The health of the service; ``reasons`` says what is wrong, if anything is."""

    healthy: bool
    service_status: ServiceStatus
    dependencies: Dependencies
    reasons: list[dict[str, str]]
    timestamp: str


async def health(call: Call[None], service: Service) -> Answer:
    """Say how the service is."""
    assessment = await assess_closely(service)
    now = iso_time(service.clock.time())
    figures = service.fleet.figures()
    status = ServiceStatus(
        status="operational" if assessment.healthy else "degraded",
        version=API_VERSION,
        timestamp=now,
        uptime_ms=round(service.fleet.uptime_s() * 1000, 3),
        cached_requests=figures.from_cache,
        error_rate=round(figures.error_rate, 6),
    )
    return Answer(
        body=HealthReport(
            healthy=assessment.healthy,
            service_status=status,
            dependencies=_dependencies(service, can_answer=assessment.can_answer),
            reasons=assessment.reason_documents(
                service.catalogue.telling(call.asked, DEFAULT_LANGUAGE)
            ),
            timestamp=now,
        )
    )


def _dependencies(service: Service, *, can_answer: bool) -> Dependencies:
    cache = _DISABLED if service.ion.cache is None else _HEALTHY
    redis, watch = redis_state(service), service.store_watch
    return Dependencies(
        pipeline=_HEALTHY if can_answer else _UNAVAILABLE,
        cache=cache,
        redis=_word(enabled=redis.enabled, works=redis.connected),
        pipeline_cache=cache,
        store=_word(enabled=watch.enabled, works=watch.serves),
    )


def _word(*, enabled: bool, works: bool) -> str:
    return (_HEALTHY if works else _UNAVAILABLE) if enabled else _DISABLED


HEALTH = Endpoint(
    method="GET",
    path="/api/v2/health",
    handler=health,
    style=ErrorStyle.V2,
    summary="How the service is, with figures since its start.",
    response=HealthReport,
    description=(
        "Costs nothing of the rate limit. A store of conversations that does not answer is told "
        "with the reason `store_out`: the service is degraded, and ready all the same."
    ),
    scope=Scope.READ,
    cost=0,
    sheddable=False,
)
