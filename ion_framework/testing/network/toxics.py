"""What can be wrong with a connection: the eight toxics of Toxiproxy, under its names.

Their meaning is that of Toxiproxy 2 (Shopify/toxiproxy on GitHub, section "Toxics" of its README),
but for the units: seconds and bytes here, milliseconds, microseconds and kilobytes there.
"""

from __future__ import annotations

import math
from enum import StrEnum
from typing import ClassVar

import attrs
from attrs.validators import ge, gt, in_, le, lt


class Direction(StrEnum):
    """Which way the data goes that a toxic works on."""

    UPSTREAM = "upstream"
    """From the client to the server."""
    DOWNSTREAM = "downstream"
    """From the server to the client."""


_SECONDS = [ge(0.0), lt(math.inf)]


@attrs.frozen(kw_only=True)
class Toxic:
    """What all toxics have in common.

    Raises:
        ValueError: a value is outside its range; the message names it.
    """

    name: ClassVar[str]
    """Toxiproxy's name for it."""
    direction: Direction = attrs.field(default=Direction.DOWNSTREAM, converter=Direction)
    """Which way the data goes that it works on; downstream, as in Toxiproxy, if not said."""
    toxicity: float = attrs.field(default=1.0, validator=[ge(0.0), le(1.0)])
    """Share of the connections that it works on, from 0 to 1, drawn for each connection."""


@attrs.frozen
class Latency(Toxic):
    """Data arrives late. Its order and the throughput stay."""

    name = "latency"
    latency_s: float = attrs.field(validator=_SECONDS)
    """Seconds that each piece is delayed."""
    jitter_s: float = attrs.field(default=0.0, validator=_SECONDS)
    """Seconds by which each delay is longer or shorter at random, evenly; never below 0."""


@attrs.frozen
class Down(Toxic):
    """The proxy does not listen, and open connections are closed.

    Connecting is refused until it is removed. It has no direction, and concerns all connections.
    """

    name = "down"
    toxicity: float = attrs.field(
        default=1.0,
        validator=in_((1.0,)),
        kw_only=True,
    )
    """1: a port is open to all or to nobody."""


@attrs.frozen
class Bandwidth(Toxic):
    """Data arrives slowly."""

    name = "bandwidth"
    bytes_per_s: float = attrs.field(validator=[gt(0.0), lt(math.inf)])
    """Bytes a second; more than 0."""


@attrs.frozen
class SlowClose(Toxic):
    """The end of the data arrives late."""

    name = "slow_close"
    delay_s: float = attrs.field(validator=_SECONDS)
    """Seconds between the end and its arrival."""


@attrs.frozen
class Timeout(Toxic):
    """Data is lost, and then the connection is closed: a network that swallows everything.

    Removing it closes the connections it works on, because what was lost does not come back.
    """

    name = "timeout"
    timeout_s: float = attrs.field(default=0.0, validator=_SECONDS)
    """Seconds without data until the connection is closed; 0: it stays open."""


@attrs.frozen
class ResetPeer(Toxic):
    """The first data, or the end, is answered by a reset (TCP RST) on both sides."""

    name = "reset_peer"
    timeout_s: float = attrs.field(default=0.0, validator=_SECONDS)
    """Seconds from the data to the reset; the data is lost."""


@attrs.frozen
class Slicer(Toxic):
    """Data arrives in small pieces."""

    name = "slicer"
    average_size: int = attrs.field(validator=ge(1))
    """Bytes of a piece on average; at least 1."""
    size_variation: int = attrs.field(default=0, validator=ge(0))
    """Bytes by which a piece is larger or smaller at random; less than `average_size`."""
    delay_s: float = attrs.field(default=0.0, validator=_SECONDS)
    """Seconds between one piece and the next."""

    @size_variation.validator
    def _smaller_than_a_piece(self, _: object, value: int) -> None:
        if value >= self.average_size:
            raise ValueError(
                f"'size_variation' must be < average_size ({self.average_size}): {value}"
            )


@attrs.frozen
class LimitData(Toxic):
    """The connection is closed after so much data."""

    name = "limit_data"
    limit_bytes: int = attrs.field(validator=ge(0))
    """Bytes that arrive, counted from when it began to work on the connection."""
