"""Turns with observers, on a virtual clock."""

from __future__ import annotations

import asyncio

from ion_framework.testing import make_plugin, run_virtual, running_ion


def observing(main, *targets, clock=None):
    """Run something with observers named o0, o1 and so on."""

    async def run():
        plugins = [
            make_plugin(f"o{number}", target, "monitor") for number, target in enumerate(targets)
        ]
        chosen = clock or asyncio.get_running_loop()
        async with running_ion(*plugins, clock=chosen) as ion:
            return await main(ion)

    return run_virtual(run())
