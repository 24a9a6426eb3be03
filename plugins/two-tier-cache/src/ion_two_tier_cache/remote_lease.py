"""The right to make an answer, held against other processes.

A lease is a key that exists for some seconds and is renewed while its holder works. It is renewed
and given back only by who holds it, which takes a script: one command that compares and then acts.
Where Redis or a proxy in front of it refuses scripts, that is logged once and shown in the figures,
and for a minute at a time a look and an act follow one another instead. In the moment between them
the lease can have changed hands; then somebody else's ends early or late, and at worst an answer is
made twice.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import attrs

from ion_two_tier_cache.batching import Batcher, ClosedError
from ion_two_tier_cache.ending import end
from ion_two_tier_cache.redis_errors import RedisTroubleError, Trouble, trouble
from ion_two_tier_cache.write_behind import Write

if TYPE_CHECKING:
    from ion_two_tier_cache.redis_commands import Command
    from ion_two_tier_cache.redis_context import RedisContext
    from ion_two_tier_cache.redis_link import RedisLink
    from ion_two_tier_cache.write_behind import WriteBehind

_IF_OWN = "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call({}) else return 0 end"
_GIVE_BACK = _IF_OWN.format("'del', KEYS[1]")
_RENEW = _IF_OWN.format("'pexpire', KEYS[1], ARGV[2]")
_REFUSALS = (
    "unknown command",
    "unsupported",
    "not supported",
    "not allowed",
    "disabled",
    "noscript",
)
"""What Redis and proxies say, besides that the user may not."""
_WITHOUT_S = 60.0
"""Seconds after a refusal in which no script is sent."""
_AT_A_TIME = 4
_LARGEST = 128


@attrs.define(eq=False)
class RemoteLease:
    """A lease; made by `RedisTier.acquire`.

    It is renewed by itself until it is released, lost, or its longest time is over.

    Attributes:
        digest: what it is the lease of.
        owner: random, tells the holder from others.
        lost: whether it ended before it was released; its holder may finish, but is not alone.
        met_entry: whether there was an entry when it was taken: that of a holder who finished
            since its taker looked, or one that its taker knows and does not make do with.
    """

    digest: str
    owner: str = attrs.field(repr=False)
    _keeper: LeaseKeeper | None = attrs.field(repr=False)
    lost: bool = False
    met_entry: bool = False
    taken_at: float = 0.0
    """When it was taken, in monotonic seconds."""
    renewed_at: float = 0.0
    """When it was renewed last, in monotonic seconds."""

    @classmethod
    def local(cls, digest: str) -> RemoteLease:
        """A lease that binds nobody, where Redis is out of order."""
        return cls(digest, "", None)

    @property
    def is_local(self) -> bool:
        """Whether it binds nobody in other processes."""
        return not self.owner

    async def release(self) -> None:
        """Give it back; once is enough, more does nothing. Does not wait for Redis."""
        keeper, self._keeper = self._keeper, None
        if keeper is not None:
            keeper.give_back(self)

    def hand_over(self) -> LeaseKeeper | None:
        """Release it without giving it back: whoever takes the keeper does that. None: released."""
        keeper, self._keeper = self._keeper, None
        return keeper


class LeaseKeeper:
    """Takes, renews and gives back the leases of this process.

    Args:
        context: what every part is given.
        link: the way to Redis.
        writer: gives leases back.
    """

    def __init__(
        self,
        context: RedisContext,
        link: RedisLink,
        writer: WriteBehind,
    ) -> None:
        self._refused_at: float | None = None
        self._link = link
        self._keys = context.keys
        self._writer = writer
        self._lease_s = context.settings.lease_s
        self._longest_s = context.settings.longest_lease_s
        self._now = context.clock.monotonic
        self._counts = context.counts
        self._logger = context.logger
        self._held: set[RemoteLease] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._renewing: asyncio.Task[None] | None = None
        self._closed = False
        self._batcher: Batcher[RemoteLease, bool | None] = Batcher(
            self._take, largest=_LARGEST, at_a_time=_AT_A_TIME
        )

    @property
    def scripts(self) -> bool:
        """Whether Redis runs scripts, as far as is known."""
        return self._refused_at is None

    @property
    def held(self) -> int:
        """Leases that are held now."""
        return len(self._held)

    async def acquire(self, digest: str) -> RemoteLease | None:
        """Take a lease; None: somebody else has it. A local one where Redis is out of order."""
        # Whoever has just waited in vain for a look-up is not made to wait again.
        if self._link.doubtful or not self._link.writable:
            return RemoteLease.local(digest)
        now = self._now()
        lease = RemoteLease(digest, secrets.token_hex(16), self, taken_at=now, renewed_at=now)
        try:
            taken = await self._batcher.ask(lease)
        except (RedisTroubleError, ClosedError):
            taken = None
        except asyncio.CancelledError:
            self._give_back_soon(lease)
            raise
        if taken is None:
            # It may have been taken all the same, only the answer is missing.
            self._give_back_soon(lease)
            return RemoteLease.local(digest)
        if not taken:
            self._counts.leases_denied += 1
            return None
        self._counts.leases_taken += 1
        self._hold(lease)
        return lease

    def give_back(self, lease: RemoteLease) -> None:
        """Give a lease back behind the caller's back."""
        self._held.discard(lease)
        self._give_back_soon(lease)

    def giving_back(self, lease: RemoteLease) -> tuple[Command, ...]:
        """Commands that give a lease back, for who writes its entry with them; may be none.

        `gave_back` wants to hear their results.
        """
        self._held.discard(lease)
        if lease.lost or not self._may_use_scripts():
            return ()
        return (("EVAL", _GIVE_BACK, 1, self._keys.lease(lease.digest), lease.owner),)

    def gave_back(self, lease: RemoteLease, results: list[Any] | None) -> None:
        """The results of `giving_back`; None: there are none, and the lease ends by itself."""
        if results is None or lease.lost or self._closed:
            return
        if not results or self._refused(results[0]):
            self._start(self._give_back_without_script(lease))

    async def give_all_back(self) -> None:
        """Take no more, and give every lease back: other processes need not wait for its end."""
        await self._batcher.close()
        for lease in tuple(self._held):
            lease.hand_over()
            self.give_back(lease)

    async def close(self) -> None:
        """Stop renewing; what is held ends by itself."""
        self._closed = True
        await self._batcher.close()
        await end(*self._tasks, self._renewing)
        self._held.clear()

    async def _take(self, leases: Sequence[RemoteLease], waited_s: float) -> list[bool | None]:
        """Whether each lease was had; None: not known.

        Whoever held it before wrote the entry first and gave the lease back then. So who looks for
        the entry once the lease is taken misses none; in a Cluster, where the two keys are at
        different nodes in no order, hardly any.
        """
        life_ms = int(self._lease_s * 1000)
        commands: list[Command] = []
        for lease in leases:
            name = self._keys.lease(lease.digest)
            commands.append(("SET", name, lease.owner, "NX", "PX", life_ms))
            commands.append(("EXISTS", self._keys.entry(lease.digest)))
        results = await self._link.write(commands, waited_s=waited_s)
        for lease, exists in zip(leases, results[1::2], strict=True):
            lease.met_entry = exists == 1
        return [None if isinstance(had, BaseException) else bool(had) for had in results[::2]]

    def _hold(self, lease: RemoteLease) -> None:
        self._held.add(lease)
        if self._renewing is None or self._renewing.done():
            self._renewing = asyncio.create_task(self._renew_while_held())

    async def _renew_while_held(self) -> None:
        while self._held and not self._closed:
            await asyncio.sleep(self._lease_s / 6)
            now = self._now()
            for lease in tuple(self._held):
                # The one who holds it no longer works, or Redis was away for too long.
                if now - lease.taken_at > self._longest_s or now - lease.renewed_at > self._lease_s:
                    self._lose(lease)
            due = [lease for lease in self._held if now - lease.renewed_at >= self._lease_s / 3]
            for begin in range(0, len(due), _LARGEST):
                await self._renew(due[begin : begin + _LARGEST], now)

    async def _renew(self, leases: list[RemoteLease], now: float) -> None:
        try:
            if self._may_use_scripts():
                results = await self._link.write([self._renewal(lease) for lease in leases])
                refused = any(self._refused(result) for result in results)
            else:
                results, refused = [], True
            if refused:
                results = await self._renew_without_script(leases)
        except RedisTroubleError:
            return
        for lease, result in zip(leases, results, strict=True):
            if isinstance(result, BaseException) or lease not in self._held:
                continue
            if result:
                lease.renewed_at = now
                self._counts.leases_renewed += 1
            else:
                self._lose(lease)

    def _renewal(self, lease: RemoteLease) -> Command:
        life_ms = int(self._lease_s * 1000)
        return ("EVAL", _RENEW, 1, self._keys.lease(lease.digest), lease.owner, life_ms)

    async def _renew_without_script(self, leases: list[RemoteLease]) -> list[Any]:
        names = [self._keys.lease(lease.digest) for lease in leases]
        owners = await self._link.read(names)
        life_ms = int(self._lease_s * 1000)
        own = [
            owner if isinstance(owner, RedisTroubleError) else owner == lease.owner.encode()
            for lease, owner in zip(leases, owners, strict=True)
        ]
        mine = [name for name, is_own in zip(names, own, strict=True) if is_own is True]
        if mine:
            await self._link.write([("PEXPIRE", name, life_ms) for name in mine])
        return own

    def _lose(self, lease: RemoteLease) -> None:
        self._held.discard(lease)
        lease.lost = True
        self._counts.leases_lost += 1

    def _give_back_soon(self, lease: RemoteLease) -> None:
        commands = self.giving_back(lease)
        if commands:
            # Without room in the queue it ends by itself.
            self._writer.offer(Write(commands, done=lambda results: self.gave_back(lease, results)))
        else:
            self.gave_back(lease, [])

    async def _give_back_without_script(self, lease: RemoteLease) -> None:
        name = self._keys.lease(lease.digest)
        try:
            (owner,) = await self._link.read([name])
            if owner == lease.owner.encode():
                await self._link.write([("DEL", name)])
        except RedisTroubleError as error:
            self._logger.debug("redis_lease_left_to_end", trouble=error.kind.value)

    def _refused(self, result: object) -> bool:
        """Whether Redis does not run scripts; logged when that is new, or over."""
        if isinstance(result, BaseException):
            if not _is_refusal(result):
                return False
            if self.scripts:
                self._logger.warning(
                    "redis_refuses_scripts", consequence="leases are given back without a lock"
                )
            self._refused_at = self._now()
            return True
        if not self.scripts:
            self._refused_at = None
            self._logger.info("redis_takes_scripts")
        return False

    def _may_use_scripts(self) -> bool:
        return self._refused_at is None or self._now() - self._refused_at >= _WITHOUT_S

    def _start(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _is_refusal(error: BaseException) -> bool:
    """Whether a script was not run at all; what goes wrong within one says where."""
    kind, text = trouble(error), str(error).lower()
    if "user_script" in text:
        return False
    return kind is Trouble.PERMISSION or (
        kind is Trouble.REPLY and any(words in text for words in _REFUSALS)
    )
