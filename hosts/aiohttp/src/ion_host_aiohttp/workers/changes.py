"""A change of a plugin in a running process, and what came of it."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

import attrs

from ion_framework.errors import LastPluginError, PluginChangeError
from ion_framework.plugin_host.losses import losses

if TYPE_CHECKING:
    from ion_framework.ion import Ion
    from ion_framework.plugin_host.record import PluginRecord


class Act(StrEnum):
    """What is done to a plugin."""

    ENABLE = "enable"
    DISABLE = "disable"
    RELOAD = "reload"


@attrs.frozen(kw_only=True)
class ChangeOrder:
    """What is to be done.

    Attributes:
        act: what is done.
        plugin: the plugin.
        unguarded: whether a guard may be taken out.
        force: whether the last active plugin of a kind that every turn needs may be taken out.
        is_later: whether it was done elsewhere before this process began.
    """

    act: Act
    plugin: str
    unguarded: bool = False
    force: bool = False
    is_later: bool = False


@attrs.frozen(kw_only=True)
class ChangeOutcome:
    """What came of it in one process.

    Attributes:
        worker: number of the worker, 1 for a host of one process.
        status: status of the plugin then, empty where it is not known.
        reason: why it has this status, or why nothing was changed.
        fault: why nothing was changed, machine readable: `PluginChangeError.code`, or ``silent``
            where the process did not answer; empty where it was changed.
        kinds: kinds that every turn needs and of which nobody is active in this process any more,
            or would not be had it not been refused.
        others: further plugins of these kinds that are installed there, each with its status.
    """

    worker: int
    status: str = ""
    reason: str = ""
    fault: str = ""
    kinds: tuple[str, ...] = ()
    others: tuple[str, ...] = ()


async def carry_out(ion: Ion, order: ChangeOrder, worker: int) -> ChangeOutcome:
    """Do what is to be done in this process.

    Args:
        ion: whose plugin it is.
        order: what is to be done.
        worker: number of this process.
    """
    lost = losses(order.plugin, ion.host) if order.act is Act.DISABLE and order.force else ()
    try:
        record = await _done(ion, order)
    except PluginChangeError as error:
        known = next((each for each in ion.plugins if each.name == order.plugin), None)
        return ChangeOutcome(
            worker=worker,
            status=known.status.value if known else "",
            reason=str(error),
            fault=error.code,
            kinds=error.kinds if isinstance(error, LastPluginError) else (),
            others=error.others if isinstance(error, LastPluginError) else (),
        )
    return ChangeOutcome(
        worker=worker,
        status=record.status.value,
        reason=record.reason,
        kinds=tuple(loss.kind.value for loss in lost),
    )


async def _done(ion: Ion, order: ChangeOrder) -> PluginRecord:
    match order.act:
        case Act.ENABLE:
            return await ion.changes.enable(order.plugin)
        case Act.DISABLE:
            return await ion.changes.disable(
                order.plugin, unguarded=order.unguarded, force=order.force
            )
        case Act.RELOAD:
            return await ion.changes.reload(order.plugin, is_later=order.is_later)
