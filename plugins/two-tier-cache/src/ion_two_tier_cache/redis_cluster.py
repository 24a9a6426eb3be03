"""A Redis Cluster, of which a part may be away.

What is asked in one batch goes to each node that has a part of it, and no node waits for another. A
node that does not answer is left alone until it does, which is found out in the background; what is
asked of it meanwhile fails at once, with `NodeAwayError`. Only where no node answers the Cluster
counts as away.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import TYPE_CHECKING, Any

from redis.asyncio import Redis, RedisCluster
from redis.asyncio.cluster import ClusterNode
from redis.cluster import get_node_name
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import SlotNotCoveredError
from redis.utils import str_if_bytes

from ion_two_tier_cache.ending import TimeLimit, end
from ion_two_tier_cache.redis_commands import SPARE, Command, no_retry, scan_server
from ion_two_tier_cache.redis_errors import NodeAwayError, Trouble, trouble

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

    from ion_framework.resilience.redis_address import RedisAddress

_PART = 0.8
"""Share of the time for a batch that one node gets, so that the others' answers arrive in time."""
_PROBE_S = 0.25
"""Seconds between two questions to a node whether it is back, half as much more or less."""
_LEARN_S = 0.5
"""Seconds that pass at least before the layout is learned again."""
_AWAY = frozenset({Trouble.TIMEOUT, Trouble.CONNECTION, Trouble.LOADING})


class _PatientCluster(RedisCluster):
    """Learns the layout of the Cluster in a task of its own.

    With a dead node that takes longer than a look-up may: the one who waits gives up, and the next
    one finds the work done. Where the layout is known already, nobody waits while it is learned
    again, and if it has not changed all connections are kept.
    """

    _learning: asyncio.Task[RedisCluster] | None = None
    _learn_at = 0.0

    async def initialize(
        self,
        additional_startup_nodes_info: list[tuple[str, int]] | None = None,
        last_failed_node_name: str | None = None,
    ) -> RedisCluster:
        """Learn it, or wait for those who do; at once where it is known."""
        if not self._initialize:
            return self
        learning = self._learning
        if learning is None or learning.done():
            learning = self._learn(
                super().initialize(additional_startup_nodes_info, last_failed_node_name)
            )
        return await asyncio.shield(learning)

    def learn_again(self) -> None:
        """Learn it again, unless that was done just now."""
        now = asyncio.get_running_loop().time()
        busy = self._learning is not None and not self._learning.done()
        if not self._initialize and not busy and now >= self._learn_at:
            self._learn_at = now + _LEARN_S
            self._learn(self._learn_nodes())

    async def stop_learning(self) -> None:
        """End the task, if there is one."""
        await end(self._learning)

    async def _learn_nodes(self) -> RedisCluster:
        """Take the layout in, if it has changed: redis-py makes every connection anew for that."""
        for node in self.get_primaries():
            try:
                slots = await node.execute_command("CLUSTER SLOTS")
            except Exception:  # noqa: BLE001, S112  whatever is wrong with one, others are asked
                continue
            if self._is_as_known(slots, node.host):
                return self
            break
        await self.nodes_manager.initialize()
        return self

    def _is_as_known(self, slots: list[Any], host: str) -> bool:
        """Whether both ends of every range of slots are where they are thought to be."""
        for first, last, (address, port, *_), *_ in slots:
            name = get_node_name(str_if_bytes(address) or host, int(port))
            for slot in (first, last):
                known = self.nodes_manager.slots_cache.get(slot)
                if not known or known[0].name != name:
                    return False
        return True

    def _learn(self, work: Coroutine[Any, Any, RedisCluster]) -> asyncio.Task[RedisCluster]:
        learning = self._learning = asyncio.get_running_loop().create_task(work)
        learning.add_done_callback(_noticed)
        return learning


def _noticed(task: asyncio.Task[Any]) -> None:
    """Take note of a task's error, which those who waited have got; nobody may be waiting."""
    if not task.cancelled():
        task.exception()


class ClusterCommands:
    """The tier's `Commands` over a Cluster: keys are looked up where their slot is.

    Args:
        address: where some of the nodes are.
        arguments: what redis-py is told of every connection.
        connections: most connections to each node.
        timeout_s: seconds for a batch.
        logger: for one line when a node goes or comes.
        random: a number from 0 to below 1, for jitter.
    """

    def __init__(  # noqa: PLR0913  what every layout is given, and what only this one needs
        self,
        address: RedisAddress,
        arguments: dict[str, Any],
        connections: int,
        *,
        timeout_s: float,
        logger: FilteringBoundLogger,
        random: Callable[[], float],
    ) -> None:
        self._arguments = arguments | ({"ssl": True} if address.tls else {})
        self._timeout_s = timeout_s
        self._logger = logger
        self._random = random
        self._away: dict[str, asyncio.Task[None]] = {}
        self._closed = False
        self._client = _PatientCluster(
            startup_nodes=[ClusterNode(host, port) for host, port in address.hosts],
            retry=no_retry(),
            require_full_coverage=False,
            max_connections=connections + SPARE,
            **self._arguments,
        )

    async def values(self, names: Sequence[str]) -> list[Any]:
        """The values of keys, an exception where one cannot be had."""
        return await self.batch([("GET", name) for name in names])

    async def batch(self, commands: Sequence[Command]) -> list[Any]:
        """The results of commands, each an exception where that command failed.

        Raises:
            redis.exceptions.RedisError: no node answers.
        """
        # A slot can be asked for only when the layout is known.
        await self._client.initialize()
        parts: dict[ClusterNode | None, list[int]] = {}
        for number, command in enumerate(commands):
            parts.setdefault(self._node(command), []).append(number)
        answers = await asyncio.gather(
            *(
                self._part(node, [commands[number] for number in numbers])
                for node, numbers in parts.items()
            )
        )
        results: list[Any] = [None] * len(commands)
        for numbers, answer in zip(parts.values(), answers, strict=True):
            for number, result in zip(numbers, answer, strict=True):
                results[number] = result
        if self._nobody_answers() and all(isinstance(one, NodeAwayError) for one in results):
            raise RedisConnectionError("no node of the Cluster answers")
        return results

    async def servers(self) -> Sequence[object]:
        """Every node that has keys of its own."""
        await self._client.initialize()
        return tuple(self._client.get_primaries())

    async def scan(self, server: object, cursor: int, pattern: str) -> tuple[int, list[bytes]]:
        """The next cursor, 0 at the end, and the next keys that match."""
        return await scan_server(server, cursor, pattern)

    async def listener(self) -> tuple[Redis, bool]:
        """A client with one connection, to any node, and that it cannot track the others."""
        await self._client.initialize()
        node = self._client.get_random_primary_node()
        arguments = self._arguments | {"host": node.host, "port": node.port}
        return Redis(max_connections=1, retry=no_retry(), **arguments), False

    async def forget(self) -> None:
        """Learn in the background which node has what; connections that work are kept."""
        if not self._closed:
            self._client.learn_again()

    async def close(self) -> None:
        """Close every connection."""
        self._closed = True
        await end(*self._away.values())
        await self._client.stop_learning()
        await self._client.aclose()

    def _node(self, command: Command) -> ClusterNode | None:
        """Where a command belongs; None: where its slot is, nobody knows."""
        key = command[3] if command[0] == "EVAL" else command[1]
        try:
            slot = self._client.keyslot(key)
            return self._client.nodes_manager.get_node_from_slot(slot)
        except (SlotNotCoveredError, KeyError):
            return None

    async def _part(self, node: ClusterNode | None, commands: list[Command]) -> list[Any]:
        """The results of what one node is asked."""
        if node is None:
            await self.forget()
        if node is None or node.name in self._away:
            return [NodeAwayError() for _ in commands]
        pipeline = self._client.pipeline()
        for command in commands:
            pipeline.execute_command(*command)
        try:
            async with TimeLimit(self._timeout_s * _PART):
                results = await pipeline.execute(raise_on_error=False)
        except asyncio.CancelledError:
            # The time was over before this node's share of it: it may be the one that is slow.
            self._doubt(node)
            raise
        except Exception as error:  # noqa: BLE001 - the other nodes' results count all the same
            results = [error for _ in commands]
        if not any(_is_away(result) for result in results):
            return results
        self._doubt(node)
        return [NodeAwayError() if _is_away(result) else result for result in results]

    def _nobody_answers(self) -> bool:
        return all(node.name in self._away for node in self._client.get_primaries())

    def _doubt(self, node: ClusterNode) -> None:
        """Leave a node alone until it answers."""
        if not self._closed and node.name not in self._away:
            work = self._wait_for(node)
            self._away[node.name] = asyncio.get_running_loop().create_task(work)

    async def _wait_for(self, node: ClusterNode) -> None:
        """Ask a node until it answers, or has left the Cluster."""
        told = False
        try:
            await node.disconnect_free_connections()
            while self._belongs(node) and not await self._answers(node):
                if not told:
                    self._logger.warning("redis_cluster_node_away", away=len(self._away))
                    told = True
                await self.forget()
                await asyncio.sleep(_PROBE_S * (0.5 + self._random()))
        finally:
            del self._away[node.name]
        if told:
            self._logger.info("redis_cluster_node_back", away=len(self._away))

    def _belongs(self, node: ClusterNode) -> bool:
        known = self._client.nodes_manager.nodes_cache
        return not self._closed and known.get(node.name) is node

    async def _answers(self, node: ClusterNode) -> bool:
        try:
            async with TimeLimit(self._timeout_s):
                await node.execute_command("PING")
        except Exception:  # noqa: BLE001 - whatever it is, it is not the answer
            return False
        return True


def _is_away(result: object) -> bool:
    return isinstance(result, Exception) and trouble(result) in _AWAY
