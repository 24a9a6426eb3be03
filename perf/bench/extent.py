"""How much is measured: the whole, or a quick form that shows that everything works."""

from __future__ import annotations

import attrs


@attrs.frozen
class Extent:
    """How much is measured.

    Attributes:
        rounds: rounds of each thing; the baseline has one beside each.
        seconds: length of a load on a server.
        calls: calls of one sample in this process.
        connections: connections of the loads.
        workers: worker processes of a server.
        personas: numbers of installed personas.
    """

    rounds: int = 9
    seconds: float = 2.0
    calls: int = 2000
    connections: tuple[int, ...] = (1, 16, 64, 256)
    workers: tuple[int, ...] = (1, 2, 4)
    personas: tuple[int, ...] = (4, 25, 100)

    @property
    def warm_s(self) -> float:
        """Seconds of load before the first round, which count for nothing."""
        return self.seconds / 2


QUICK = Extent(
    rounds=2,
    seconds=0.2,
    calls=50,
    connections=(1,),
    workers=(1,),
    personas=(4, 25),
)
