"""The cache of answers for those who run the host: its figures, and how to drop what it holds."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

import attrs
import msgspec

from ion_framework.pipeline.turn import DEFAULT_TENANT
from ion_host_aiohttp.access.caller import KnowsTenants, Scope
from ion_host_aiohttp.api.endpoint import Answer, Call, Endpoint, ErrorCase, ErrorStyle
from ion_host_aiohttp.errors.messages import say
from ion_host_aiohttp.errors.problem import DEFAULT_LANGUAGE
from ion_host_aiohttp.service import Service
from ion_host_aiohttp.times import iso_time
from ion_host_aiohttp.v2.cache_views import CacheFigures, figures_of
from ion_host_aiohttp.v2.patterns import FORMS, NOTHING, Holders, Meaning, meaning_of

_LONGEST_PATTERN = 200


@attrs.frozen(kw_only=True, slots=False)
class CacheStatsReport(CacheFigures):
    """Figures of the cache since the start of the host, added up over all of its processes."""

    timestamp: str


@attrs.frozen(kw_only=True, slots=False)
class CacheCleared:
    """What clearing the cache has done."""

    success: bool
    message: str
    deleted_count: int
    timestamp: str


@attrs.frozen(kw_only=True)
class InvalidateQuery:
    """Which entries are meant.

    Attributes:
        pattern: ``*`` or a kind (``persona``, ``version``, ``key``, ``routing``, ``tenant``), a
            colon and a name, in which ``*`` and ``?`` stand for any characters. Any other pattern
            means nothing and drops nothing.
    """

    pattern: Annotated[
        str,
        msgspec.Meta(
            max_length=_LONGEST_PATTERN,
            examples=["persona:lua", "key:calm-*"],
        ),
    ]


@attrs.frozen(kw_only=True, slots=False)
class CacheInvalidated:
    """What invalidating has done; ``message`` says so, and where the pattern means nothing."""

    success: bool
    pattern: str
    deleted_count: int
    message: str
    timestamp: str


async def cache_stats(call: Call[None], service: Service) -> Answer:  # noqa: ARG001  a handler's signature
    """Give the figures of the cache."""
    figures = figures_of(service, detailed=True)
    found = {field.name: getattr(figures, field.name) for field in attrs.fields(CacheFigures)}
    return Answer(body=CacheStatsReport(**found, timestamp=iso_time(service.clock.time())))


async def clear_cache(call: Call[None], service: Service) -> Answer:
    """Drop every stored answer."""
    cache = service.ion.cache
    telling = service.catalogue.telling(call.asked, DEFAULT_LANGUAGE)
    count = await cache.clear() if cache is not None else 0
    return Answer(
        body=CacheCleared(
            success=True,
            message=telling.text(say("cache_cleared")),
            deleted_count=count,
            timestamp=iso_time(service.clock.time()),
        ),
        log={"deleted": str(count)},
    )


async def invalidate_cache(call: Call[None], service: Service) -> Answer:
    """Drop the stored answers that a pattern means."""
    pattern = call.query.pattern
    meaning = meaning_of(pattern, _holders(service))
    count = await _drop(meaning, service)
    telling = service.catalogue.telling(call.asked, DEFAULT_LANGUAGE)
    said = (
        say("cache_pattern", forms=", ".join(FORMS))
        if meaning == NOTHING
        else say("cache_invalidated", count=count)
    )
    return Answer(
        body=CacheInvalidated(
            success=True,
            pattern=pattern,
            deleted_count=count,
            message=telling.text(said),
            timestamp=iso_time(service.clock.time()),
        ),
        log={"deleted": str(count)},
    )


def _holders(service: Service) -> Holders:
    door = service.authenticator
    known = door.tenants if isinstance(door, KnowsTenants) else frozenset()
    return Holders(service.ion.personas, known | {DEFAULT_TENANT})


async def _drop(meaning: Meaning, service: Service) -> int:
    cache = service.ion.cache
    if cache is None:
        return 0
    if meaning.everything:
        return await cache.clear()
    # One after the other: an entry that has two of the tags must be counted once.
    return sum([await cache.invalidate(tag) for tag in meaning.tags])


CACHE_STATS = Endpoint(
    method="GET",
    path="/api/v2/cache-stats",
    handler=cache_stats,
    style=ErrorStyle.V2,
    summary="Figures of the cache of answers.",
    response=CacheStatsReport,
    scope=Scope.ADMIN,
)
CLEAR = Endpoint(
    method="POST",
    path="/api/v2/cache/clear",
    handler=clear_cache,
    style=ErrorStyle.V2,
    summary="Drop every stored answer, in every process.",
    response=CacheCleared,
    scope=Scope.ADMIN,
)
INVALIDATE = Endpoint(
    method="POST",
    path="/api/v2/cache/invalidate",
    handler=invalidate_cache,
    style=ErrorStyle.V2,
    summary="Drop the stored answers that a pattern means, in every process.",
    description=(
        "`persona:lua` (or `persona:루아`), `version:lua@1.0`, `key:calm-*`, `routing:calm-*` and "
        "`persona:calm-medium-*` (the same) and `tenant:default`; `*` and `?` stand for any "
        "characters of a known name (of tenants: of those with an API key), case does not matter, "
        "and `*` alone is everything. Any other pattern is answered with `deleted_count` 0."
    ),
    query=InvalidateQuery,
    response=CacheInvalidated,
    errors=(
        ErrorCase(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "VALIDATION_ERROR",
            "The pattern is missing or too long.",
        ),
    ),
    scope=Scope.ADMIN,
)
ENDPOINTS = (CACHE_STATS, CLEAR, INVALIDATE)
