"""What the streams of one process share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from ion_host_aiohttp.streaming.places import Places
from ion_host_aiohttp.streaming.replays import Replays

if TYPE_CHECKING:
    from ion_framework.settings.serving import LimitSettings


@attrs.frozen
class Streaming:
    """The streams and WebSockets of one process.

    Attributes:
        streams: places for streams.
        sockets: places for WebSockets.
        replays: the streams that can be come back to.
        grace_s: seconds for which a resumable stream goes on without a reader.
    """

    streams: Places = attrs.field(factory=lambda: Places(128, 16))
    sockets: Places = attrs.field(factory=lambda: Places(256, 16))
    replays: Replays = attrs.field(factory=Replays)
    grace_s: float = 10.0

    @classmethod
    def of(cls, limits: LimitSettings) -> Streaming:
        """With as many places as the settings say."""
        return cls(
            Places(limits.streams, limits.streams_per_caller),
            Places(limits.websockets, limits.websockets_per_caller),
        )

    async def close(self) -> None:
        """End every stream."""
        await self.replays.close()
