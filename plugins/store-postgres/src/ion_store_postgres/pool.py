"""Connections to PostgreSQL: bounded, tried before use, made anew when they break.

Every operation of the store can be begun anew without doing harm twice (each says why), so that one
whose connection broke is, on another connection, until `StoreSettings.retry_s` is over.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import asyncpg  # type: ignore[import-untyped]  # asyncpg ships no types
import attrs

from ion_framework.conversations.store import StoreError
from ion_store_postgres.migrations import migrate
from ion_store_postgres.settings import StoreSettings
from ion_store_postgres.troubles import PASSING, SENTENCES, BackupFileError, Trouble, code, trouble

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

_Result = TypeVar("_Result")
Work = Callable[[Any], Awaitable[_Result]]

PAUSES_S = (0.0, 0.05, 0.1, 0.2)
"""Seconds before the first further attempts; the last one before each that follows."""

CLOSE_S = 1.5
"""Seconds within which operations may end when the store is closed."""

IDLE_TRANSACTION_S = 60
"""Seconds after which PostgreSQL ends the transaction of a host that hangs."""


@attrs.frozen
class PoolStats:
    """Figures of the connections of one process.

    Attributes:
        open: connections that are open.
        idle: those of them that nobody uses.
        most: most at a time.
        waiting: operations that wait for one just now.
        operations: operations so far.
        retries: operations begun anew because their connection broke.
        replaced: connections that were found broken before they were used.
        troubles: what went wrong, by kind.
    """

    open: int
    idle: int
    most: int
    waiting: int
    operations: int
    retries: int
    replaced: int
    troubles: Mapping[str, int]


class _Connection(asyncpg.Connection):  # type: ignore[misc]  # asyncpg ships no types
    """A connection that knows when it was used last."""

    __slots__ = ("used_at",)

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.touch()

    def touch(self) -> None:
        """It is used now."""
        self.used_at = asyncio.get_running_loop().time()

    def unused_s(self) -> float:
        """Seconds since it was used."""
        return asyncio.get_running_loop().time() - self.used_at


class Pool:
    """Gives connections to operations.

    Args:
        settings: where PostgreSQL is, and the bounds.
        logger: for changes of state.
    """

    def __init__(self, settings: StoreSettings, logger: FilteringBoundLogger) -> None:
        self._settings = settings
        self._logger = logger
        self._pool: Any = None
        self._opening: asyncio.Task[Any] | None = None
        self._troubles: Counter[str] = Counter()
        self._waiting = self._operations = self._retries = self._replaced = 0

    async def open(self, within_s: float) -> None:
        """Connect and make the tables; where that fails it is logged, and tried at each operation.

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
            self._logger.warning("postgres_away", reason=reason, code=code(error))

    async def close(self) -> None:
        """Let operations end for a moment, and close the connections."""
        opening, self._opening = self._opening, None
        if opening is not None and not opening.done():
            opening.cancel()
            await asyncio.wait([opening])
        pool, self._pool = self._pool, None
        if pool is None:
            return
        try:
            async with asyncio.timeout(CLOSE_S):
                await pool.close()
        except TimeoutError:
            pool.terminate()

    async def run(self, work: Work[_Result], *, again: bool = True) -> _Result:
        """Do something on a connection, once more on another one where it broke.

        Args:
            work: what to do; doing it twice has to be the same as doing it once.
            again: whether it is begun anew.

        Raises:
            StoreError: it could not be done.
        """
        self._operations += 1
        loop = asyncio.get_running_loop()
        until = loop.time() + self._settings.retry_s
        attempt = 0
        while True:
            try:
                return await self._once(work)
            except Exception as error:
                kind = trouble(error)
                if kind is None:
                    raise
                self._troubles[kind.value] += 1
                pause = PAUSES_S[min(attempt, len(PAUSES_S) - 1)]
                late = attempt > 0 and loop.time() + pause > until
                if not again or late or kind not in PASSING:
                    raise StoreError(_sentence(kind, code(error))) from None
            attempt += 1
            self._retries += 1
            await asyncio.sleep(pause)

    def stats(self) -> PoolStats:
        """The figures now."""
        pool = self._pool
        return PoolStats(
            open=pool.get_size() if pool is not None else 0,
            idle=pool.get_idle_size() if pool is not None else 0,
            most=self._settings.max_connections,
            waiting=self._waiting,
            operations=self._operations,
            retries=self._retries,
            replaced=self._replaced,
            troubles=dict(self._troubles),
        )

    async def _once(self, work: Work[_Result]) -> _Result:
        pool = await self._ready()
        connection = await self._healthy(pool)
        try:
            result = await work(connection)
            connection.touch()
        except BaseException as error:
            # After an error that PostgreSQL told, the connection is as good as new. After anything
            # else nobody knows what is still under way on it.
            if _is_lost(error):
                connection.terminate()
            raise
        else:
            return result
        finally:
            await pool.release(connection)

    async def _healthy(self, pool: Any) -> Any:
        """A connection that answers."""
        loop = asyncio.get_running_loop()
        until = loop.time() + self._settings.acquire_timeout_s
        while True:
            left = max(until - loop.time(), 0.001)
            self._waiting += 1
            try:
                connection = await pool.acquire(timeout=left)
            finally:
                self._waiting -= 1
            if connection.unused_s() < self._settings.ping_after_s:
                return connection
            try:
                await connection.fetchval("SELECT 1", timeout=max(left / 2, 0.001))
            except BaseException as error:
                connection.terminate()
                await pool.release(connection)
                if not isinstance(error, Exception) or trouble(error) is None:
                    raise
                self._replaced += 1
                if loop.time() >= until:
                    raise
            else:
                return connection

    async def _ready(self) -> Any:
        """The pool, made with the first operation that needs it; those that come then share it."""
        if self._pool is None:
            if self._opening is None or self._opening.done():
                self._opening = asyncio.create_task(self._make())
                self._opening.add_done_callback(_notice)
            self._pool = await asyncio.shield(self._opening)
        return self._pool

    async def _make(self) -> Any:
        settings = self._settings
        pool = asyncpg.create_pool(
            settings.url,
            min_size=settings.min_connections,
            max_size=settings.max_connections,
            max_inactive_connection_lifetime=settings.idle_connection_s,
            connection_class=_Connection,
            init=_make_durable,
            reset=_leave,
            timeout=settings.acquire_timeout_s,
            # For a server that does not answer at all; one that does ends the statement itself.
            command_timeout=settings.statement_timeout_s + 1,
            server_settings={
                "application_name": "ion",
                "search_path": f'"{settings.schema}"',
                "statement_timeout": str(int(settings.statement_timeout_s * 1000)),
                "idle_in_transaction_session_timeout": str(IDLE_TRANSACTION_S * 1000),
            },
        )
        try:
            async with asyncio.timeout(settings.acquire_timeout_s):
                await pool
            async with pool.acquire(timeout=settings.acquire_timeout_s) as connection:
                await migrate(connection, settings.schema)
                await self._warn(connection)
        except BaseException:
            pool.terminate()
            raise
        self._logger.info("postgres_ready", schema=settings.schema)
        return pool

    async def _warn(self, connection: Any) -> None:
        if await connection.fetchval("SELECT current_setting('fsync')") == "off":
            self._logger.warning(
                "postgres_not_durable",
                reason="fsync is off: what was acknowledged may be lost when its machine fails",
            )


async def _make_durable(connection: Any) -> None:
    """Have a commit wait for the disk where the server's default is not to."""
    if await connection.fetchval("SELECT current_setting('synchronous_commit')") == "off":
        await connection.execute("SET synchronous_commit = on")


async def _leave(connection: Any) -> None:
    """Leave a connection as it is: no operation changes its state beyond its transaction."""


def _is_lost(error: BaseException) -> bool:
    if isinstance(error, asyncpg.PostgresError):
        return trouble(error) in {Trouble.CONNECTION, Trouble.STARTING, Trouble.STANDBY}
    return not isinstance(error, StoreError | ValueError | BackupFileError)


def _notice(task: asyncio.Task[Any]) -> None:
    """Take notice of how a task ended, or the loop would complain that nobody did."""
    if not task.cancelled():
        task.exception()


def _sentence(kind: Trouble, state: str) -> str:
    return f"{SENTENCES[kind]} (SQLSTATE {state})" if state else SENTENCES[kind]
