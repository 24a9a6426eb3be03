"""What the entry point names: a plugin that brings a command and takes part in no turn."""

from __future__ import annotations

from importlib.util import find_spec

from ion_framework import PluginContext, hookimpl

NEEDED = ("aiohttp", "locust")
"""What the commands import when they are called."""


class LoadTests:
    """Says at the start what the commands would miss; the host serves in any case.

    Args:
        context: has the logger.
    """

    def __init__(self, context: PluginContext) -> None:
        self._context = context

    @hookimpl
    async def ion_startup(self) -> None:
        """Warn of what is not installed; nothing of it is imported."""
        missing = [name for name in NEEDED if find_spec(name) is None]
        if missing:
            self._context.logger.warning(
                "ion load cannot run: reinstall ion-load with its dependencies", missing=missing
            )


def plugin(context: PluginContext) -> LoadTests:
    """The plugin of one `Ion`."""
    return LoadTests(context)
