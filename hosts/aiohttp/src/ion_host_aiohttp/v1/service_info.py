"""``GET /``, ``/health`` and the three probes."""

from __future__ import annotations

from http import HTTPStatus

import attrs
from aiohttp import hdrs

from ion_host_aiohttp.api.endpoint import Answer, Call, Endpoint, ErrorStyle
from ion_host_aiohttp.browser.pages import DOCS
from ion_host_aiohttp.errors.failures import RETRY_AFTER_S
from ion_host_aiohttp.errors.messages import Telling
from ion_host_aiohttp.errors.v1 import DEFAULT_LANGUAGE
from ion_host_aiohttp.health import RedisState, assess, assess_closely, redis_state
from ion_host_aiohttp.run.lifecycle import Phase
from ion_host_aiohttp.service import Service
from ion_host_aiohttp.store_watch import StoreState, store_state


@attrs.frozen(kw_only=True, slots=False)
class ServiceInfo:
    """What serves here; ``docs`` is null where the documentation is turned off."""

    service: str
    version: str
    status: str
    docs: str | None
    health: str


@attrs.frozen(kw_only=True, slots=False)
class HealthReport:
    """The health of the whole service; ``reasons`` says what is wrong, if anything is."""

    status: str
    version: str
    pipeline_ready: bool
    redis_cache: RedisState
    conversation_store: StoreState
    reasons: list[dict[str, str]]


@attrs.frozen(kw_only=True, slots=False)
class ProbeReport:
    """The answer to a probe."""

    status: str
    reasons: list[dict[str, str]]


async def info(call: Call[None], service: Service) -> Answer:  # noqa: ARG001  a handler's signature
    """Say what serves here."""
    return Answer(
        body=ServiceInfo(
            service="ION",
            version=service.version,
            status="running",
            docs=DOCS if service.ion.settings.api.docs else None,
            health="/health",
        )
    )


async def health(call: Call[None], service: Service) -> Answer:
    """Say how the service is; always 200, as the original."""
    assessment = await assess_closely(service)
    return Answer(
        body=HealthReport(
            status="healthy" if assessment.healthy else "degraded",
            version=service.version,
            pipeline_ready=assessment.ready,
            redis_cache=redis_state(service),
            conversation_store=store_state(service.store_watch),
            reasons=assessment.reason_documents(_telling(call, service)),
        )
    )


async def live(call: Call[None], service: Service) -> Answer:  # noqa: ARG001  a handler's signature
    """Say that the process runs. It does while it drains, too: a restart would cut answers off."""
    return Answer(body=ProbeReport(status="live", reasons=[]))


async def ready(call: Call[None], service: Service) -> Answer:
    """Say whether requests should be sent here."""
    assessment = assess(service)
    if assessment.ready:
        return Answer(body=ProbeReport(status="ready", reasons=[]))
    return _unavailable("not ready", assessment.reason_documents(_telling(call, service)))


async def startup(call: Call[None], service: Service) -> Answer:
    """Say whether the start is over."""
    assessment = assess(service)
    if assessment.phase is not Phase.STARTING:
        return Answer(body=ProbeReport(status="started", reasons=[]))
    return _unavailable("starting", assessment.reason_documents(_telling(call, service)))


def _telling(call: Call[None], service: Service) -> Telling:
    return service.catalogue.telling(call.asked, DEFAULT_LANGUAGE)


def _unavailable(status: str, reasons: list[dict[str, str]]) -> Answer:
    return Answer(
        body=ProbeReport(status=status, reasons=reasons),
        status=HTTPStatus.SERVICE_UNAVAILABLE,
        headers={hdrs.RETRY_AFTER: str(RETRY_AFTER_S)},
    )


ENDPOINTS = (
    Endpoint(
        method="GET",
        path="/",
        handler=info,
        style=ErrorStyle.V1,
        summary="What serves here.",
        response=ServiceInfo,
        scope=None,
        sheddable=False,
    ),
    Endpoint(
        method="GET",
        path="/health",
        handler=health,
        style=ErrorStyle.V1,
        summary="How the service is.",
        response=HealthReport,
        scope=None,
        cost=0,
        sheddable=False,
    ),
    Endpoint(
        method="GET",
        path="/health/live",
        handler=live,
        style=ErrorStyle.V1,
        summary="Whether the process runs.",
        response=ProbeReport,
        scope=None,
        cost=0,
        sheddable=False,
    ),
    Endpoint(
        method="GET",
        path="/health/ready",
        handler=ready,
        style=ErrorStyle.V1,
        summary="Whether requests should be sent here.",
        response=ProbeReport,
        others=(HTTPStatus.SERVICE_UNAVAILABLE,),
        scope=None,
        cost=0,
        sheddable=False,
    ),
    Endpoint(
        method="GET",
        path="/health/startup",
        handler=startup,
        style=ErrorStyle.V1,
        summary="Whether the start is over.",
        response=ProbeReport,
        others=(HTTPStatus.SERVICE_UNAVAILABLE,),
        scope=None,
        cost=0,
        sheddable=False,
    ),
)
