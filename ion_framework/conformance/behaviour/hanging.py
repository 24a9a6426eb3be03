"""An event loop whose connections never come about while the dependencies hang."""

from __future__ import annotations

import asyncio
from typing import Any

from ion_framework.conformance.behaviour.world import Dependencies


class HangingLoop(asyncio.SelectorEventLoop):
    """A loop on which a service that hangs is one flag.

    Args:
        dependencies: whether they hang.
    """

    def __init__(self, dependencies: Dependencies) -> None:
        super().__init__()
        self._dependencies = dependencies

    async def sock_connect(self, sock: Any, address: Any) -> None:
        """Connect, or never."""
        await self._dependencies.answer()
        await super().sock_connect(sock, address)

    async def getaddrinfo(self, *arguments: Any, **options: Any) -> Any:
        """Look an address up, or never."""
        await self._dependencies.answer()
        return await super().getaddrinfo(*arguments, **options)
