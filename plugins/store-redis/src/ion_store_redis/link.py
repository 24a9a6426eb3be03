"""The way to Redis: bounded, begun anew where the connection broke, every error in our words."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import attrs
from redis.exceptions import NoScriptError

from ion_framework.conversations.store import StoreError
from ion_framework.resilience.redis_address import Layout
from ion_store_redis.client import close_client, make_client
from ion_store_redis.durability import Confirmation, Facts
from ion_store_redis.scripts import Script
from ion_store_redis.settings import StoreSettings
from ion_store_redis.troubles import PASSING, SENTENCES, trouble

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

_Result = TypeVar("_Result")

PAUSES_S = (0.0, 0.05, 0.1, 0.2)
"""Seconds before the first further attempts; the last one before each that follows."""


@attrs.frozen
class LinkStats:
    """Figures of one process.

    Attributes:
        operations: operations so far.
        retries: operations begun anew because their connection broke.
        troubles: what went wrong, by kind.
    """

    operations: int
    retries: int
    troubles: Mapping[str, int]


class Link:
    """Runs scripts and commands.

    Args:
        settings: where Redis is, and the bounds.
        logger: for changes of state.
    """

    def __init__(self, settings: StoreSettings, logger: FilteringBoundLogger) -> None:
        self._settings = settings
        self._logger = logger
        self._address = settings.address()
        self._client: Any = None
        self._places = asyncio.Semaphore(settings.max_connections)
        self._confirmation: Confirmation | None = None
        self._troubles: Counter[str] = Counter()
        self._operations = self._retries = 0

    async def open(self, within_s: float) -> None:
        """Connect and look what the server keeps; where it is away it is tried again later.

        Args:
            within_s: seconds to wait for it.
        """
        try:
            async with asyncio.timeout(within_s):
                await self._ready()
        except Exception as error:
            kind = trouble(error)
            if kind is None and not isinstance(error, StoreError):
                raise
            reason = str(error) if kind is None else SENTENCES[kind]
            self._logger.warning("store_redis_away", reason=reason)

    async def close(self) -> None:
        """Close the connections."""
        client, self._client = self._client, None
        self._confirmation = None
        if client is not None:
            await close_client(client)

    def stats(self) -> LinkStats:
        """The figures now."""
        return LinkStats(self._operations, self._retries, dict(self._troubles))

    async def ping(self) -> None:
        """Return when Redis answers; it is asked once."""
        await self._run(lambda client, _: client.ping(), again=False)

    async def run(
        self, script: Script, keys: Sequence[str], *values: object, marks_attempts: bool = False
    ) -> Any:
        """Run a script; once more where the connection broke, which every script bears.

        Args:
            script: the script.
            keys: every key that it touches, all in one slot.
            values: its arguments.
            marks_attempts: whether a last argument tells it that it was run before ("1").

        Raises:
            StoreError: it has no result, or a write is not confirmed as the settings ask.
        """

        async def work(client: Any, attempt: int) -> Any:
            mark = ("1" if attempt else "0",) if marks_attempts else ()
            words = (len(keys), *keys, *values, *mark)
            try:
                return await self._send(client, script, "EVALSHA", script.sha, *words)
            except NoScriptError:
                return await self._send(client, script, "EVAL", script.text, *words)

        return await self._run(work)

    async def command(self, *words: Any) -> Any:
        """Run one command that may be run twice.

        Raises:
            StoreError: it has no result.
        """
        return await self._run(lambda client, _: client.execute_command(*words))

    async def _run(
        self, work: Callable[[Any, int], Awaitable[_Result]], *, again: bool = True
    ) -> _Result:
        self._operations += 1
        loop = asyncio.get_running_loop()
        until = loop.time() + self._settings.retry_s
        attempt = 0
        while True:
            try:
                async with asyncio.timeout(self._settings.timeout_s):
                    await self._places.acquire()
                try:
                    return await work(await self._ready(), attempt)
                finally:
                    self._places.release()
            except Exception as error:
                kind = trouble(error)
                if kind is None:
                    raise
                self._troubles[kind.value] += 1
                pause = PAUSES_S[min(attempt, len(PAUSES_S) - 1)]
                late = attempt > 0 and loop.time() + pause > until
                if not again or late or kind not in PASSING:
                    raise StoreError(SENTENCES[kind]) from None
            attempt += 1
            self._retries += 1
            await asyncio.sleep(pause)

    async def _send(self, client: Any, script: Script, *words: Any) -> Any:
        confirmation = self._confirmation
        if not script.writes or confirmation is None or not confirmation.command:
            return await client.execute_command(*words)
        # In one pipeline, because it speaks of the writes of its own connection only.
        pipeline = client.pipeline(transaction=False)
        pipeline.execute_command(*words)
        pipeline.execute_command(*confirmation.command)
        result, answer = await pipeline.execute(raise_on_error=False)
        for one in (result, answer):
            if isinstance(one, Exception):
                raise one
        if not confirmation.is_met_by(answer):
            raise StoreError(
                f"Redis has the write, but did not confirm it by {confirmation.command[0]} in time"
            )
        return result

    async def _ready(self) -> Any:
        settings = self._settings
        if self._client is None:
            self._client = make_client(
                self._address, timeout_s=settings.timeout_s, connections=settings.max_connections
            )
        if self._confirmation is None:
            found = await self._look(self._client)
            if found.refusal:
                # Not kept: the server's settings can be changed while it runs.
                raise StoreError(found.refusal)
            self._confirmation = found
        return self._client

    async def _look(self, client: Any) -> Confirmation:
        if self._address.layout is Layout.CLUSTER:
            await client.ping()
            return Confirmation()
        facts = await Facts.ask(client)
        for reason in facts.warnings():
            self._logger.warning("store_redis_may_lose", reason=reason)
        return Confirmation.wanted(self._settings, facts)
