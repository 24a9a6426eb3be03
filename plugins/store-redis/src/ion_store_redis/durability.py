"""What an acknowledgement by this Redis is worth, and how more of it is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from ion_store_redis.settings import StoreSettings

WAITAOF_SINCE = (7, 2)


@attrs.frozen
class Facts:
    """What a server tells of itself.

    Attributes:
        version: major and minor number.
        config: its settings; empty where it does not tell them.
    """

    version: tuple[int, ...]
    config: Mapping[str, str]

    @property
    def syncs_always(self) -> bool:
        """Whether it answers a write only when it is on its disk."""
        log = self.config.get("appendonly") == "yes"
        return log and self.config.get("appendfsync") == "always"

    @classmethod
    async def ask(cls, client: Any) -> Facts:
        """Ask a server.

        Raises:
            redis.RedisError: it does not answer.
        """
        from redis.exceptions import ResponseError

        info = await client.info("server")
        version = tuple(int(part) for part in str(info["redis_version"]).split(".")[:2])
        config: dict[object, object] = {}
        try:
            for name in ("appendonly", "appendfsync", "maxmemory", "maxmemory-policy"):
                config |= await client.config_get(name)
        except ResponseError:
            # Services and narrow users have no CONFIG; its answers are not needed to serve.
            config = {}
        return cls(version, {str(name): str(value) for name, value in config.items()})

    def warnings(self) -> tuple[str, ...]:
        """What an operator should know, one sentence each."""
        if not self.config:
            return ("this Redis does not tell whether it keeps a log on disk (CONFIG GET)",)
        found = []
        if self.config.get("appendonly") == "no":
            found.append(
                "appendonly is no: what was acknowledged since its latest snapshot is lost when "
                "this Redis ends; set appendonly yes"
            )
        elif self.config.get("appendfsync") == "no":
            found.append("appendfsync is no: a failing machine loses what its kernel held back")
        policy = self.config.get("maxmemory-policy", "noeviction")
        if self.config.get("maxmemory", "0") != "0" and policy != "noeviction":
            found.append(
                f"maxmemory-policy is {policy}: this Redis drops conversations when its memory is "
                "full; set noeviction, or use another Redis than the cache's"
            )
        return tuple(found)


@attrs.frozen
class Confirmation:
    """What follows a write on its connection.

    Attributes:
        command: the command, empty for none.
        least: what it has to answer: of each number at least so much.
        refusal: why the settings cannot be kept, empty where they can.
    """

    command: tuple[str, ...] = ()
    least: tuple[int, ...] = ()
    refusal: str = ""

    @classmethod
    def wanted(cls, settings: StoreSettings, facts: Facts) -> Confirmation:
        """What the settings ask for, of a server that tells this of itself."""
        wait_ms = str(int(settings.timeout_s * 800))
        replicas = str(settings.replicas)
        if settings.fsync and facts.version >= WAITAOF_SINCE:
            return cls(("WAITAOF", "1", replicas, wait_ms), (1, settings.replicas))
        if settings.fsync and not facts.syncs_always:
            version = ".".join(map(str, facts.version))
            return cls(
                refusal=f"fsync = true needs Redis 7.2 or newer with appendonly yes, or appendonly "
                f"yes and appendfsync always; this one is {version} and has neither, or does not "
                "tell"
            )
        if settings.replicas:
            return cls(("WAIT", replicas, wait_ms), (settings.replicas,))
        return cls()

    def is_met_by(self, answer: object) -> bool:
        """Whether what the command answered is enough."""
        numbers = answer if isinstance(answer, list) else [answer]
        return len(numbers) == len(self.least) and all(
            isinstance(number, int) and number >= least
            for number, least in zip(numbers, self.least, strict=True)
        )
