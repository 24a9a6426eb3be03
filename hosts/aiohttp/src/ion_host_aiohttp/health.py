"""Whether the host lives, is ready, and what it lacks: the judgement behind every health answer."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from ion_framework.manifest.model import Kind
from ion_framework.plugin_host.record import PluginRecord, Status
from ion_host_aiohttp.errors.messages import Message, Telling, say
from ion_host_aiohttp.run.lifecycle import Phase
from ion_host_aiohttp.service import Service
from ion_host_aiohttp.tiers import tier_answers
from ion_host_aiohttp.workers.fleet import WorkerPhase

OUT = (
    Status.FAILED,
    Status.QUARANTINED,
    Status.INVALID,
    Status.CONFLICT,
    Status.INCOMPATIBLE,
    Status.UNTRUSTED,
)
"""Statuses of plugins that somebody installed and that do not work."""


@attrs.frozen
class Assessment:
    """How well the host is.

    Attributes:
        phase: what it does at the moment.
        can_answer: whether it has all that an answer needs.
        reasons: what is wrong, one sentence each; empty where nothing is.
    """

    phase: Phase
    can_answer: bool
    reasons: tuple[Message, ...]

    @property
    def ready(self) -> bool:
        """Whether it makes sense to send requests here."""
        return self.phase is Phase.READY and self.can_answer

    @property
    def healthy(self) -> bool:
        """Whether nothing at all is wrong."""
        return self.ready and not self.reasons

    def reason_documents(self, telling: Telling) -> list[dict[str, str]]:
        """The reasons, each with a code for machines and a sentence for people."""
        return [{"code": item.id, "message": telling.text(item)} for item in self.reasons]


async def assess_closely(service: Service) -> Assessment:
    """Judge the host as it is now, once it is known whether the store of conversations serves.

    A store that is out makes the host degraded and leaves it ready: messages are answered without
    it, and a host that got no requests would serve nobody.
    """
    await service.store_watch.look()
    return assess(service)


def assess(service: Service) -> Assessment:
    """Judge the host by what is known of it."""
    phase = service.lifecycle.phase
    reasons = []
    if phase is not Phase.READY:
        reasons.append(say(phase.value))
    missing = missing_parts(service)
    reasons += missing
    reasons += [
        say("plugin_out", plugin=record.name, status=record.status.value)
        for record in service.ion.plugins
        if record.status in OUT
    ]
    reasons += _elsewhere(service)
    reasons += [
        shortcoming
        for shortcoming in (service.limiter.shortcoming(), service.store_watch.shortcoming())
        if shortcoming is not None
    ]
    return Assessment(phase, not missing, tuple(reasons))


def _elsewhere(service: Service) -> list[Message]:
    """What is wrong in other processes that serve at the same address."""
    return [
        say("plugin_out_in_worker", plugin=each.plugin, status=each.status, worker=each.worker)
        for each in service.fleet.troubles()
    ] + [
        say("worker_down", worker=worker.number, state=worker.phase.value)
        for worker in service.fleet.workers()
        if worker.phase is WorkerPhase.DOWN
    ]


def missing_parts(service: Service) -> tuple[Message, ...]:
    """What the host needs for an answer and does not have, the most basic first."""
    active = {
        kind
        for record in service.ion.plugins
        if record.status is Status.ACTIVE or _may_try(record, service)
        for kind in record.provides
    }
    needed = ["no_persona"] if not service.ion.personas else []
    needed += [message for kind, message in _NEEDED.items() if kind not in active]
    return tuple(say(message) for message in needed)


def _may_try(record: PluginRecord, service: Service) -> bool:
    """Whether a plugin in quarantine would be tried by the next request.

    A host that was not ready then would get no request, and the plugin would stay out for ever.
    """
    bounds = service.ion.containments().get(record.name)
    is_out = record.status is Status.QUARANTINED
    return is_out and bounds is not None and not bounds.is_closed


_NEEDED = {
    Kind.GENERATOR: "no_generator",
    Kind.ANALYZER: "no_analyzer",
    Kind.ROUTER: "no_router",
}


@attrs.frozen(slots=False)
class RedisState:
    """What is known of Redis: whether the cache uses it, and whether it answers."""

    enabled: bool
    connected: bool


def redis_state(service: Service) -> RedisState:
    """The state of Redis, as the cache's own figures tell it in a tier named ``redis``."""
    cache = service.ion.cache
    tier: Mapping[str, object] | None = cache.stats().tiers.get("redis") if cache else None
    if tier is None:
        return RedisState(enabled=False, connected=False)
    is_gone = (said := service.limiter.shortcoming()) is not None and said.id in _GONE
    return RedisState(enabled=True, connected=tier_answers(tier) and not is_gone)


_GONE = ("rates_local", "rates_closed")
"""Shortcomings of the rate limits that say that their Redis is gone. It is that of the cache, too,
unless somebody runs two, of which one that is gone is worth being told of as well."""
