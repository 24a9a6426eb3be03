"""The plugins of a running host: how they are, and how to take them out, in, or read them again."""

from __future__ import annotations

import os
from http import HTTPStatus

import attrs

from ion_host_aiohttp.access.caller import Scope
from ion_host_aiohttp.api.endpoint import Answer, Call, Endpoint, ErrorCase, ErrorStyle
from ion_host_aiohttp.errors.failure import Failure, RequestFailed
from ion_host_aiohttp.errors.messages import say
from ion_host_aiohttp.errors.problem import DEFAULT_LANGUAGE
from ion_host_aiohttp.service import Service
from ion_host_aiohttp.times import iso_time
from ion_host_aiohttp.v2.plugin_views import PluginView, views_of
from ion_host_aiohttp.workers.changes import Act, ChangeOrder, ChangeOutcome

_SHOWN = 100
_DONE = {
    Act.ENABLE: "plugin_enabled",
    Act.DISABLE: "plugin_disabled",
    Act.RELOAD: "plugin_reloaded",
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
        reason: why it has this status, or why nothing was changed.
    """

    worker: int
    changed: bool
    status: str
    reason: str


@attrs.frozen(kw_only=True, slots=False)
class PluginChanged:
    """What came of a change; ``success`` is true where every process made it."""

    success: bool
    plugin: str
    message: str
    workers: tuple[WorkerChange, ...]
    timestamp: str


@attrs.frozen(kw_only=True)
class DisableRequest:
    """How a plugin is taken out.

    Attributes:
        unguarded: whether a guard may be taken out, after which nobody checks what it checked.
    """

    unguarded: bool = False


async def list_plugins(call: Call[None], service: Service) -> Answer:  # noqa: ARG001  a handler's signature
    """List the plugins."""
    views = views_of(service)
    timestamp = iso_time(service.clock.time())
    return Answer(
        body=PluginList(total=len(views), plugins=views, pid=os.getpid(), timestamp=timestamp)
    )


async def enable(call: Call[None], service: Service) -> Answer:
    """Let a plugin in."""
    return await _changed(call, service, ChangeOrder(act=Act.ENABLE, plugin=call.path["name"]))


async def disable(call: Call[DisableRequest], service: Service) -> Answer:
    """Take a plugin out."""
    order = ChangeOrder(act=Act.DISABLE, plugin=call.path["name"], unguarded=call.body.unguarded)
    return await _changed(call, service, order)


async def reload(call: Call[None], service: Service) -> Answer:
    """Read a persona again."""
    return await _changed(call, service, ChangeOrder(act=Act.RELOAD, plugin=call.path["name"]))


async def _changed(
    call: Call[None] | Call[DisableRequest], service: Service, order: ChangeOrder
) -> Answer:
    outcomes = await service.fleet.change(order)
    if all(outcome.fault for outcome in outcomes):
        raise RequestFailed(_unchanged(order, outcomes))
    success = not any(outcome.fault for outcome in outcomes)
    telling = service.catalogue.telling(call.asked, DEFAULT_LANGUAGE)
    done = say(_DONE[order.act] if success else "plugin_partly", plugin=order.plugin)
    return Answer(
        body=PluginChanged(
            success=success,
            plugin=order.plugin,
            message=telling.text(done),
            workers=tuple(
                WorkerChange(
                    worker=each.worker,
                    changed=not each.fault,
                    status=each.status,
                    reason=each.reason,
                )
                for each in outcomes
            ),
            timestamp=iso_time(service.clock.time()),
        ),
        log={"plugin": order.plugin, "change": order.act.value},
    )


def _unchanged(order: ChangeOrder, outcomes: tuple[ChangeOutcome, ...]) -> Failure:
    first = outcomes[0]
    shown = order.plugin[:_SHOWN]
    if first.fault == "unknown":
        return Failure(
            status=HTTPStatus.NOT_FOUND,
            code="UNKNOWN_PLUGIN",
            message=say("plugin_unknown", plugin=shown),
            details={"given": shown},
        )
    return Failure(
        status=HTTPStatus.CONFLICT,
        code="PLUGIN_NOT_CHANGED",
        message=say("plugin_not_changed", plugin=shown, reason=first.reason),
        details={"cause": first.fault, "reason": first.reason},
    )


_ERRORS = (
    ErrorCase(HTTPStatus.NOT_FOUND, "UNKNOWN_PLUGIN", "No plugin of this name is installed."),
    ErrorCase(
        HTTPStatus.CONFLICT,
        "PLUGIN_NOT_CHANGED",
        "It cannot be changed, and nothing has changed; the message says why, and "
        "`error.details.cause`: `required`, `guard` or `fixed` (it has to stay), `state` (it does "
        "not run), `code` (no data-only persona), `untrusted` (its files are not the pinned ones), "
        "`invalid` (its manifest is wrong), `start` (it did not start) or `silent` (no process "
        "answered).",
    ),
)

LIST = Endpoint(
    method="GET",
    path="/api/v2/plugins",
    handler=list_plugins,
    style=ErrorStyle.V2,
    summary="Every installed plugin: status, quarantine, and what it did against its bounds.",
    description="With several workers these are the figures of the one that answers.",
    response=PluginList,
    scope=Scope.ADMIN,
)
ENABLE = Endpoint(
    method="POST",
    path="/api/v2/plugins/{name}/enable",
    handler=enable,
    style=ErrorStyle.V2,
    summary="Let a plugin in that was taken out, is in quarantine, or was deactivated.",
    description="In every process; `workers` says what came of it in each.",
    response=PluginChanged,
    errors=_ERRORS,
    scope=Scope.ADMIN,
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
        "guard goes only with `unguarded`. Endpoints that it brought stay until a restart."
    ),
    request=DisableRequest,
    response=PluginChanged,
    errors=_ERRORS,
    scope=Scope.ADMIN,
)
RELOAD = Endpoint(
    method="POST",
    path="/api/v2/plugins/{name}/reload",
    handler=reload,
    style=ErrorStyle.V2,
    summary="Read the manifest and the texts of a data-only persona again.",
    description=(
        "In every process; `workers` says what came of it in each. Where a file is wrong, the old "
        "persona stays and the error names file and key."
    ),
    response=PluginChanged,
    errors=_ERRORS,
    scope=Scope.ADMIN,
)
ENDPOINTS = (LIST, ENABLE, DISABLE, RELOAD)
