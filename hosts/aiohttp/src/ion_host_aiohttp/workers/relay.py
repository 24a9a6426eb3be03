"""Changes of plugins on their way from one worker to all, as the supervisor passes them on."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import attrs

from ion_host_aiohttp.workers.changes import Act, ChangeOrder
from ion_host_aiohttp.workers.messages import (
    ChangeAsked,
    ChangeDone,
    ChangeSent,
    ChangeTold,
    ChangeWanted,
)
from ion_host_aiohttp.workers.slot import Slot


class Relay:
    """Passes changes on, and remembers what workers have to do that start later.

    Args:
        slots: the places of the workers.
    """

    def __init__(self, slots: Sequence[Slot]) -> None:
        self._slots = slots
        self._standing: dict[str, ChangeOrder] = {}

    @property
    def standing(self) -> tuple[ChangeOrder, ...]:
        """What a worker that starts now has to do before it serves."""
        return tuple(self._standing.values())

    def heard(self, number: int) -> Callable[[ChangeAsked | ChangeDone], None]:
        """What is to be called with what a worker says of changes.

        Args:
            number: number of the worker.
        """

        def hear(message: ChangeAsked | ChangeDone) -> None:
            if isinstance(message, ChangeAsked):
                self._spread(message, number)
            else:
                told = ChangeTold(id=message.id, outcome=message.outcome)
                self._tell(message.asker, told)

        return hear

    def _spread(self, asked: ChangeAsked, asker: int) -> None:
        self._remember(asked.order)
        wanted = ChangeWanted(id=asked.id, asker=asker, order=asked.order)
        # One that starts just now hears of it, too, but nobody waits for its answer.
        told = [slot for slot in self._slots if self._tell(slot.number, wanted)]
        reached = [slot.number for slot in told if slot.serves]
        self._tell(asker, ChangeSent(id=asked.id, workers=tuple(reached)))

    def _remember(self, order: ChangeOrder) -> None:
        if order.act is Act.ENABLE:
            self._standing.pop(order.plugin, None)
        else:
            self._standing[order.plugin] = attrs.evolve(order, is_later=True)

    def _tell(self, number: int, message: ChangeSent | ChangeTold | ChangeWanted) -> bool:
        for slot in self._slots:
            if slot.number == number and slot.worker is not None:
                return slot.worker.tell(message)
        return False
