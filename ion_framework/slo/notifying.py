"""Handing notices to the plugins that implement ``ion_notify``."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from ion_framework.errors import HookError
from ion_framework.pipeline.calling import call
from ion_framework.pipeline.implementation import Implementation
from ion_framework.slo.notice import Notice

NOTIFY_S = 5.0
"""Seconds that a notifier may take for one notice; what sends over a network does it behind."""


async def notify(
    notifiers: Sequence[Implementation],
    notice: Notice,
    on_failure: Callable[[HookError], None] = lambda _: None,
) -> int:
    """Tell every notifier, all at once; one that fails keeps the notice from nobody else.

    Args:
        notifiers: the implementations of ``ion_notify``.
        notice: what they are told.
        on_failure: told of each that raised, hung, or was not called because it is in quarantine.

    Returns:
        how many took it.
    """
    taken = await asyncio.gather(*(_tell(item, notice, on_failure) for item in notifiers))
    return sum(taken)


async def _tell(
    item: Implementation, notice: Notice, on_failure: Callable[[HookError], None]
) -> bool:
    try:
        await call(item, {"notice": notice}, NOTIFY_S)
    except HookError as error:
        on_failure(error)
        return False
    return True
