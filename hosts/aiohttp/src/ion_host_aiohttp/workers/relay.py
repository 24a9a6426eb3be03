"""Changes of plugins on their way from one worker to all, as the supervisor passes them on.

Whoever has been told what to be hears of every change from then on, whether it serves yet or
not; and what it is told to be holds every change up to then. So none is missed, whenever a worker
starts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import attrs

from ion_host_aiohttp.workers.changes import Act, ChangeOrder, ChangeOutcome
from ion_host_aiohttp.workers.fleet import WorkerPhase
from ion_host_aiohttp.workers.messages import (
    ChangeAsked,
    ChangeDone,
    ChangeSent,
    ChangeTold,
    ChangeWanted,
)
from ion_host_aiohttp.workers.process import WorkerProcess
from ion_host_aiohttp.workers.slot import Slot


@attrs.define(eq=False)
class _Question:
    """A change that was asked for.

    Attributes:
        asker: the worker that wants to know what comes of it.
        asked: what it said.
        open: the workers that have not answered.
        is_made: whether one of them has made the change.
    """

    asker: WorkerProcess
    asked: ChangeAsked
    open: set[WorkerProcess] = attrs.field(factory=set)
    is_made: bool = False


@attrs.frozen
class _Made:
    """A change that was made, and the number of the question in which it was asked for."""

    number: int
    order: ChangeOrder


class Relay:
    """Passes changes on, and remembers what workers have to do that start later.

    Args:
        slots: the places of the workers.
        spare: gives the worker that is started beside another one to take its place.
    """

    def __init__(
        self, slots: Sequence[Slot], spare: Callable[[], WorkerProcess | None] = lambda: None
    ) -> None:
        self._slots = slots
        self._spare = spare
        self._last = 0
        self._questions: dict[int, _Question] = {}
        self._made: dict[tuple[str, bool], _Made] = {}

    @property
    def standing(self) -> tuple[ChangeOrder, ...]:
        """What a worker that is told now what to be has to do before it serves, in this order.

        That is what was made, and what others are just about to make.
        """
        # What others have done already a later worker does as well, the last of a kind included.
        found = [
            (m.number, attrs.evolve(m.order, force=True))
            for m in self._made.values()
            if m.order.act is not Act.ENABLE
        ]
        found += [(n, q.asked.order) for n, q in self._pending() if not q.is_made]
        return tuple(_later(order) for _, order in sorted(found, key=lambda each: each[0]))

    def hear(self, worker: WorkerProcess, message: ChangeAsked | ChangeDone) -> None:
        """What a worker says of changes."""
        if isinstance(message, ChangeAsked):
            self._spread(worker, message)
        else:
            self._answer(worker, message.id, message.outcome)

    def _spread(self, asker: WorkerProcess, asked: ChangeAsked) -> None:
        self._questions = dict(self._pending())
        self._last += 1
        question = self._questions[self._last] = _Question(asker, asked)
        reached = []
        for slot in self._slots:
            worker = slot.worker
            # Nobody waits for the answer of one that does not serve.
            if worker is not None and self._want(worker, asked.order) and slot.serves:
                question.open.add(worker)
                reached.append(slot.number)
        spare = self._spare()
        if spare is not None:
            self._want(spare, asked.order)
        asker.tell(ChangeSent(id=asked.id, workers=tuple(reached)))

    def _want(self, worker: WorkerProcess, order: ChangeOrder) -> bool:
        serves = worker.phase is WorkerPhase.SERVING
        return worker.tell(ChangeWanted(id=self._last, order=order if serves else _later(order)))

    def _answer(self, worker: WorkerProcess, number: int, outcome: ChangeOutcome) -> None:
        question = self._questions.get(number)
        if question is None or worker not in question.open:
            return
        question.open.remove(worker)
        if not outcome.fault and not question.is_made:
            question.is_made = True
            self._remember(number, question.asked.order)
        question.asker.tell(ChangeTold(id=question.asked.id, outcome=outcome))

    def _remember(self, number: int, order: ChangeOrder) -> None:
        key = (order.plugin, order.act is Act.RELOAD)
        known = self._made.get(key)
        if known is not None and known.number > number:
            return  # answers may overtake each other
        # Who is out is out: to say it again may say less of whether a guard was meant.
        is_same = known is not None and known.order.act is order.act
        self._made[key] = _Made(number, known.order if known and is_same else order)

    def _pending(self) -> Iterator[tuple[int, _Question]]:
        """The questions that somebody who is there has yet to answer."""
        for number, question in self._questions.items():
            if any(worker.phase is not WorkerPhase.DOWN for worker in question.open):
                yield number, question


def _later(order: ChangeOrder) -> ChangeOrder:
    return attrs.evolve(order, is_later=True)
