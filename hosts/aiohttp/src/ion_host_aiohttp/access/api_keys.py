"""The API keys of a host: in memory, in their file, and what is counted of their use."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ion_framework.clock import Clock
from ion_host_aiohttp.access.key_table import KeyTable
from ion_host_aiohttp.access.key_thread import KeyThread
from ion_host_aiohttp.access.usage import UsageLedger

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger


class ApiKeys:
    """The keys of one file.

    Args:
        path: the file; it may come into being later.
        clock: the clock.
        logger: told when the file cannot be read or written.
        expected: whether the file has to be there, so that nobody is let in without it.

    Attributes:
        table: says who presents a key.
        ledger: counts what is done with them.
    """

    def __init__(
        self, path: Path, clock: Clock, logger: FilteringBoundLogger, *, expected: bool = False
    ) -> None:
        self._thread = KeyThread(path, expected=expected)
        self.table = KeyTable(self._thread, clock, logger)
        self.ledger = UsageLedger(self._thread, clock, logger)

    async def close(self) -> None:
        """Write what is still to be written, and close the file."""
        await self.table.close()
        await self.ledger.close()
        await self._thread.close()
