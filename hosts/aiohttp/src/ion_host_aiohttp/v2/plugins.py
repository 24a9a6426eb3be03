"""The plugins of a running host: how they are, and how to take them out, in, or read them again."""

from __future__ import annotations

import os
from collections.abc import Sequence
from http import HTTPStatus

import attrs

from ion_framework.domain.language import Language
from ion_framework.manifest.model import Kind
from ion_framework.plugin_host.naming import called, told_apart
from ion_host_aiohttp.access.caller import Scope
from ion_host_aiohttp.api.endpoint import Answer, Call, Endpoint, ErrorCase, ErrorStyle
from ion_host_aiohttp.api.strict import strict
from ion_host_aiohttp.errors.failure import Failure, RequestFailed
from ion_host_aiohttp.errors.messages import say
from ion_host_aiohttp.errors.problem import DEFAULT_LANGUAGE
from ion_host_aiohttp.service import Service
from ion_host_aiohttp.times import iso_time
from ion_host_aiohttp.v2.plugin_reasons import prepare, reason_in
from ion_host_aiohttp.v2.plugin_views import PluginView, views_of
from ion_host_aiohttp.workers.changes import Act, ChangeOrder, ChangeOutcome

_SHOWN = 100
_DONE = {
    Act.ENABLE: "plugin_enabled",
    Act.DISABLE: "plugin_disabled",
    Act.RELOAD: "plugin_reloaded",
}
_LAST = {
    Kind.ANALYZER: "plugin_last_analyzer",
    Kind.ROUTER: "plugin_last_router",
    Kind.GENERATOR: "plugin_last_generator",
    Kind.PERSONA: "plugin_last_persona",
}
_LOST = {
    Kind.ANALYZER: "plugin_lost_analyzer",
    Kind.ROUTER: "plugin_lost_router",
    Kind.GENERATOR: "plugin_lost_generator",
    Kind.PERSONA: "plugin_lost_persona",
}


@attrs.frozen(kw_only=True, slots=False)
class PluginList:
    """Every installed plugin by name, as the process ``pid`` has it."""

    total: int
    plugins: tuple[PluginView, ...]
    pid: int
    timestamp: str


@attrs.frozen(kw_only=True, slots=False)
class WorkerChange:
    """What came of a change in one process.

    Attributes:
        worker: number of the process, from 1.
        changed: whether it is as was asked for there.
        status: status of the plugin there; empty where the process did not answer.
        reason: why it has this status, or why nothing was changed; in Korean where the caller asks
            for that.
    """

    worker: int
    changed: bool
    status: str
    reason: str


@attrs.frozen(kw_only=True, slots=False)
class PluginChanged:
    """What came of a change.

    Attributes:
        success: whether every process made it.
        plugin: name of the plugin.
        message: what came of it, in words.
        consequences: what does not work any more, because the plugin was the last of its kind.
        workers: what came of it in each process.
        timestamp: when.
    """

    success: bool
    plugin: str
    message: str
    consequences: tuple[str, ...]
    workers: tuple[WorkerChange, ...]
    timestamp: str


@strict
@attrs.frozen(kw_only=True)
class DisableRequest:
    """How a plugin is taken out.

    Attributes:
        unguarded: whether a guard may be taken out, after which nobody checks what it checked.
        force: whether the last active generator, analyzer, router or persona may be taken out,
            after which turns cannot be answered as they are.
    """

    unguarded: bool = False
    force: bool = False


@strict
@attrs.frozen(kw_only=True)
class NoTerms:
    """A change that has nothing to say about how it is made: no body, or an empty object."""


async def list_plugins(call: Call[None], service: Service) -> Answer:
    """List the plugins."""
    views = await views_of(service, call.language)
    timestamp = iso_time(service.clock.time())
    return Answer(
        body=PluginList(total=len(views), plugins=views, pid=os.getpid(), timestamp=timestamp)
    )


async def enable(call: Call[NoTerms], service: Service) -> Answer:
    """Let a plugin in."""
    plugin = _plugin_meant(call.path["name"], service)
    return await _changed(call, service, ChangeOrder(act=Act.ENABLE, plugin=plugin))


async def disable(call: Call[DisableRequest], service: Service) -> Answer:
    """Take a plugin out."""
    order = ChangeOrder(
        act=Act.DISABLE,
        plugin=_plugin_meant(call.path["name"], service),
        unguarded=call.body.unguarded,
        force=call.body.force,
    )
    return await _changed(call, service, order)


async def reload(call: Call[NoTerms], service: Service) -> Answer:
    """Read a persona again."""
    plugin = _plugin_meant(call.path["name"], service)
    return await _changed(call, service, ChangeOrder(act=Act.RELOAD, plugin=plugin))


def _plugin_meant(name: str, service: Service) -> str:
    """The plugin's own name: all processes are told that one, whatever else it is called.

    Raises:
        RequestFailed: 404, nobody has this name; 409, several may be meant.
    """
    found = called(name, service.ion.plugins)
    names = sorted({record.name for record in found})
    shown = name[:_SHOWN]
    if not names:
        raise RequestFailed(
            Failure(
                status=HTTPStatus.NOT_FOUND,
                code="UNKNOWN_PLUGIN",
                message=say("plugin_unknown", plugin=shown),
                details={"given": shown},
            )
        )
    if len(names) > 1:
        raise RequestFailed(
            Failure(
                status=HTTPStatus.CONFLICT,
                code="AMBIGUOUS_PLUGIN",
                message=say("plugin_ambiguous", plugin=shown, choices=told_apart(found)),
                details={"given": shown, "choices": names},
            )
        )
    return names[0]


async def _changed(
    call: Call[NoTerms] | Call[DisableRequest], service: Service, order: ChangeOrder
) -> Answer:
    outcomes = await _told(await service.fleet.change(order), call.language)
    if all(outcome.fault for outcome in outcomes):
        raise RequestFailed(_unchanged(order, outcomes[0]))
    success = not any(outcome.fault for outcome in outcomes)
    telling = service.catalogue.telling(call.asked, DEFAULT_LANGUAGE)
    done = say(_DONE[order.act] if success else "plugin_partly", plugin=order.plugin)
    lost = dict.fromkeys(kind for each in outcomes if not each.fault for kind in each.kinds)
    return Answer(
        body=PluginChanged(
            success=success,
            plugin=order.plugin,
            message=telling.text(done),
            consequences=tuple(telling.text(say(_LOST[Kind(kind)])) for kind in lost),
            workers=tuple(map(_worker_change, outcomes)),
            timestamp=iso_time(service.clock.time()),
        ),
        log={"plugin": order.plugin, "change": order.act.value},
    )


async def _told(
    outcomes: Sequence[ChangeOutcome], language: Language | None
) -> tuple[ChangeOutcome, ...]:
    """The outcomes with their reasons in a language."""
    await prepare((outcome.reason for outcome in outcomes), language)
    return tuple(
        attrs.evolve(outcome, reason=reason_in(outcome.reason, language)) for outcome in outcomes
    )


def _worker_change(outcome: ChangeOutcome) -> WorkerChange:
    return WorkerChange(
        worker=outcome.worker,
        changed=not outcome.fault,
        status=outcome.status,
        reason=outcome.reason,
    )


def _unchanged(order: ChangeOrder, outcome: ChangeOutcome) -> Failure:
    message = say("plugin_not_changed", plugin=order.plugin, reason=outcome.reason)
    details: dict[str, object] = {"cause": outcome.fault, "reason": outcome.reason}
    if outcome.kinds:
        only = Kind(outcome.kinds[0]) if len(outcome.kinds) == 1 else None
        message = say(
            _LAST[only] if only else "plugin_last_several",
            plugin=order.plugin,
            kinds=", ".join(outcome.kinds),
            others=", ".join(outcome.others) or "–",
        )
        details |= {"kinds": list(outcome.kinds), "others": list(outcome.others)}
    return Failure(
        status=HTTPStatus.CONFLICT, code="PLUGIN_NOT_CHANGED", message=message, details=details
    )


_ERRORS = (
    ErrorCase(HTTPStatus.NOT_FOUND, "UNKNOWN_PLUGIN", "No plugin of this name is installed."),
    ErrorCase(
        HTTPStatus.CONFLICT,
        "AMBIGUOUS_PLUGIN",
        "The name may mean several plugins: `error.details.choices`.",
    ),
    ErrorCase(
        HTTPStatus.CONFLICT,
        "PLUGIN_NOT_CHANGED",
        "It cannot be changed, and nothing has changed; the message says why, and "
        "`error.details.cause`: `required`, `guard` or `fixed` (it has to stay), `last` (nobody "
        "else does what it does: `error.details.kinds`; `force` takes it out), `state` (it does "
        "not run), `code` (no data-only persona), `untrusted` (its files are not the pinned ones), "
        "`invalid` (its manifest is wrong), `start` (it did not start) or `silent` (no process "
        "answered).",
    ),
)

_NAMES = (
    "`name` is the plugin's name, its distribution's, or the shown name of its persona; case does "
    "not matter."
)
_PURSE = "plugins"

LIST = Endpoint(
    method="GET",
    path="/api/v2/plugins",
    handler=list_plugins,
    style=ErrorStyle.V2,
    summary="Every installed plugin: status, quarantine, and what it did against its bounds.",
    description="With several workers these are the figures of the one that answers.",
    response=PluginList,
    scope=Scope.ADMIN,
    purse=_PURSE,
    sheddable=False,
)
ENABLE = Endpoint(
    method="POST",
    path="/api/v2/plugins/{name}/enable",
    handler=enable,
    style=ErrorStyle.V2,
    summary="Let a plugin in that was taken out, is in quarantine, or was deactivated.",
    description="In every process; `workers` says what came of it in each. " + _NAMES,
    request=NoTerms,
    response=PluginChanged,
    errors=_ERRORS,
    scope=Scope.ADMIN,
    purse=_PURSE,
    sheddable=False,
)
DISABLE = Endpoint(
    method="POST",
    path="/api/v2/plugins/{name}/disable",
    handler=disable,
    style=ErrorStyle.V2,
    summary="Take a plugin out, until a restart or until it is let in again.",
    description=(
        "In every process; `workers` says what came of it in each. Turns that have begun finish "
        "with it. A required plugin, a store, a source of secrets and the host itself stay; a "
        "guard goes only with `unguarded`, the last active generator, analyzer, router or persona "
        "only with `force`; `consequences` says what does not work then. Endpoints that it brought "
        "stay until a restart. " + _NAMES
    ),
    request=DisableRequest,
    response=PluginChanged,
    errors=_ERRORS,
    scope=Scope.ADMIN,
    purse=_PURSE,
    sheddable=False,
)
RELOAD = Endpoint(
    method="POST",
    path="/api/v2/plugins/{name}/reload",
    handler=reload,
    style=ErrorStyle.V2,
    summary="Read the manifest and the texts of a data-only persona again.",
    description=(
        "In every process; `workers` says what came of it in each. Where a file is wrong, the old "
        "persona stays and the error names file and key. " + _NAMES
    ),
    request=NoTerms,
    response=PluginChanged,
    errors=_ERRORS,
    scope=Scope.ADMIN,
    purse=_PURSE,
    sheddable=False,
)
ENDPOINTS = (LIST, ENABLE, DISABLE, RELOAD)
