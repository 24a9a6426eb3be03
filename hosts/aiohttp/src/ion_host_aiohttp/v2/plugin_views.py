"""What API v2 shows of plugins."""

from __future__ import annotations

import attrs

from ion_framework.domain.language import Language
from ion_framework.pipeline.containment import Containment
from ion_framework.pipeline.observers import ObserverStats
from ion_framework.plugin_host.record import PluginRecord
from ion_host_aiohttp.service import Service
from ion_host_aiohttp.v2.plugin_reasons import prepare, reason_in


@attrs.frozen(kw_only=True, slots=False)
class ObserverFigures:
    """What an observer was told: ``dropped`` found no room, or came while it was left out."""

    delivered: int
    dropped: int
    failed: int
    waiting: int


@attrs.frozen(kw_only=True, slots=False)
class ContainmentFigures:
    """The bounds of a plugin with code, and what it did against them since the start.

    Attributes:
        standing: ``in``, ``out`` (in quarantine), ``probing`` or ``deactivated``.
        failures: calls that failed by its fault.
        places: calls of it that may run at a time; null where they are not bounded.
        running: calls of it that run now.
        refused: calls that found no place.
        loop_held: how often it held the event loop too long.
        loop_held_s: seconds for which it did, together.
    """

    standing: str
    failures: int
    places: int | None
    running: int
    refused: int
    loop_held: int
    loop_held_s: float


@attrs.frozen(kw_only=True, slots=False)
class PluginView:
    """An installed plugin as this process has it.

    Attributes:
        name: name of the plugin.
        status: its status.
        reason: why it has it, one sentence; in Korean where the caller asks for that.
        distribution: the distribution that it comes from.
        version: version of the distribution.
        provides: its kinds.
        containment: null where it has no code of its own that runs.
        observer: null where it observes nothing.
    """

    name: str
    status: str
    reason: str
    distribution: str
    version: str
    provides: tuple[str, ...]
    containment: ContainmentFigures | None
    observer: ObserverFigures | None


async def views_of(service: Service, language: Language | None) -> tuple[PluginView, ...]:
    """Every installed plugin, by name.

    Args:
        service: the host.
        language: that of the reasons, None for English.
    """
    await prepare((record.reason for record in service.ion.plugins), language)
    bounds, observers = service.ion.containments(), service.ion.observer_stats()
    return tuple(
        _view(
            record,
            reason_in(record.reason, language),
            bounds.get(record.name),
            observers.get(record.name),
        )
        for record in service.ion.plugins
    )


def _view(
    record: PluginRecord, reason: str, bounds: Containment | None, told: ObserverStats | None
) -> PluginView:
    return PluginView(
        name=record.name,
        status=record.status.value,
        reason=reason,
        distribution=record.distribution,
        version=record.version,
        provides=tuple(kind.value for kind in record.provides),
        containment=_figures(bounds) if bounds is not None else None,
        observer=ObserverFigures(**attrs.asdict(told)) if told is not None else None,
    )


def _figures(bounds: Containment) -> ContainmentFigures:
    bulkhead = bounds.bulkhead
    return ContainmentFigures(
        standing=bounds.standing.value,
        failures=bounds.failures,
        places=bulkhead.places if bulkhead else None,
        running=bulkhead.running if bulkhead else 0,
        refused=bulkhead.refused if bulkhead else 0,
        loop_held=bounds.held,
        loop_held_s=round(bounds.held_s, 3),
    )
