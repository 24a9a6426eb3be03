"""One hook on trial: ordinary and odd values, many calls at once, cancelled, and left waiting."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import cast

import attrs

from ion_framework.conformance.behaviour.calls import LIMIT_S, Call, Outcome
from ion_framework.conformance.behaviour.cases import (
    FAILING_CASE,
    HOSTILE_CASES,
    ORDINARY_CASES,
    Case,
    Values,
    numbered,
    picture,
)
from ion_framework.conformance.behaviour.memory import KEPT_BYTES, ROUNDS, kept_by_each
from ion_framework.conformance.behaviour.progress import PATIENCE_S, Progress
from ion_framework.conformance.behaviour.signs import sign, signs_in
from ion_framework.conformance.behaviour.watching import Watcher
from ion_framework.conformance.behaviour.world import Dependencies
from ion_framework.pipeline.chunks import Finish, FinishReason
from ion_framework.pipeline.implementation import Implementation
from ion_framework.pipeline.markers import Family
from ion_framework.pipeline.turn import Turn
from ion_framework.plugin_host.inspection import PARAMETERS, RULES

AT_ONCE = 64
"""Calls at the same time, of a hook that is quick."""

ONE_BY_ONE_S = 5.0
"""Seconds that the calls at once may take where a hook lets one in at a time: the slower a call,
the fewer are made."""

FEWEST_AT_ONCE = 4

FEWEST_IN_ROUND = 2

AT_ONCE_S = 20.0
"""Seconds that all of them have: each may compute a little, and they share one loop."""

BLOCKS_S = 0.1
"""Seconds for which a hook may hold the event loop."""

MEASURED = 3
"""Calls of which the fastest counts: a loaded machine is not the plugin's fault."""

HALF_WAY_S = 0.02
"""Seconds after which a call is cancelled half-way."""

_STREAMS = ("chunks", "following")
"""Arguments that are used up, and cannot be compared."""


class HookTrial:
    """Examines implementations.

    Args:
        progress: where findings are noted.
        watcher: sees what is done outside.
        values: makes the values of calls.
        dependencies: what they depend on.
    """

    def __init__(
        self, progress: Progress, watcher: Watcher, values: Values, dependencies: Dependencies
    ) -> None:
        self._progress = progress
        self._watcher = watcher
        self._values = values
        self._dependencies = dependencies
        self._blocking = False
        self._network = False
        self._broken: set[str] = set()
        self._refusals: set[type[BaseException]] = set()

    async def examine(self, item: Implementation, *, blocking: bool, network: bool) -> None:
        """Try everything with one implementation.

        Args:
            item: the implementation.
            blocking: its manifest says that its plain functions may block.
            network: its manifest declares the network, which is not there.
        """
        self._blocking, self._network = blocking, network
        if not PARAMETERS[item.hook]:
            return  # the hooks of its life were called already
        for case in ORDINARY_CASES:
            if not await self._ordinary(item, case):
                self._broken.add(item.hook)
                return  # whatever else is wrong follows from this
        await self._repeats(item)
        blocks = await self._blocks(item)
        await self._hostile(item)
        if not blocks:  # many calls at once of one that blocks say the same again, slowly
            await self._remembers(item, await self._at_once(item))
        await self._interrupted(item)
        await self._forsaken(item)

    async def called(self, item: Implementation, case: Case) -> Outcome:
        """Call it once, within the limit."""
        call = Call(item, self._values.of(case), blocking=self._blocking)
        with self._progress.step(item.hook, case.name), self._watcher.during("turn"):
            return await call.within(LIMIT_S)

    async def again(self, item: Implementation, case: Case) -> None:
        """Call one of another Ion, after the first has been closed."""
        if not PARAMETERS[item.hook] or item.hook in self._broken:
            return
        outcome = await self._judged(item, case)
        if outcome.failed:
            reason = f"{item.hook} of the second fails once the first is closed: {outcome.told()}"
            self._progress.add("shared-between-ions", item.hook, reason=reason)

    async def _judged(self, item: Implementation, case: Case) -> Outcome:
        """Call it; what comes of a refused connection is nobody's fault here."""
        before = self._watcher.count("network")
        outcome = await self.called(item, case)
        return Outcome() if self._refused(outcome, before) else outcome

    def _refused(self, outcome: Outcome, before: int) -> bool:
        """Whether a call failed because connections are refused here, which it may.

        What a refused connection made a plugin raise once it may raise again without asking: many
        stop asking for a while.

        Args:
            outcome: what came of the call.
            before: attempts to connect before it.
        """
        if not self._network or outcome.error is None:
            return False
        if self._watcher.count("network") > before:
            self._refusals.add(type(outcome.error))
        return type(outcome.error) in self._refusals

    async def _ordinary(self, item: Implementation, case: Case) -> bool:
        """Whether an ordinary call goes well."""
        values = self._values.of(case)
        watched = {name: values[name] for name in item.arguments if name not in _STREAMS}
        before = {name: picture(value) for name, value in watched.items()}
        seen = self._watcher.count("network")
        call = Call(item, values, blocking=self._blocking)
        with self._progress.step(item.hook, case.name), self._watcher.during("turn"):
            outcome = await call.within(LIMIT_S)
        for name, value in watched.items():
            if picture(value) != before[name]:
                self._progress.add("mutates-arguments", item.hook, argument=name)
        refused = self._refused(outcome, seen)
        if outcome.hung:
            self._progress.add("hook-hangs", item.hook, seconds=f"{LIMIT_S:g}", case=case.name)
        elif outcome.wrong:
            wanted = " or ".join(kind.__name__ for kind in RULES[item.hook].returns)
            self._progress.add("hook-wrong-type", item.hook, given=outcome.wrong, wanted=wanted)
        elif outcome.error is not None and not refused:
            self._progress.add("hook-raises", item.hook, error=outcome.told(), case=case.name)
        return not outcome.hung and not outcome.wrong and (refused or outcome.error is None)

    async def _blocks(self, item: Implementation) -> bool:
        """Whether it holds the event loop for too long."""
        case = ORDINARY_CASES[-1]
        held_s = min([(await self.called(item, case)).held_s for _ in range(MEASURED)])
        if held_s > BLOCKS_S:
            milliseconds = f"{held_s * 1000:.0f}"
            self._progress.add("hook-blocks", item.hook, milliseconds=milliseconds, case=case.name)
        return held_s > BLOCKS_S

    async def _repeats(self, item: Implementation) -> None:
        """Ask one that is marked as pure the same again, under another id."""
        if not item.pure or "turn" not in item.arguments:
            return
        case, pictures = ORDINARY_CASES[0], set()
        for number in range(MEASURED):
            values = self._values.of(case)
            turn = cast("Turn", values["turn"])
            values["turn"] = attrs.evolve(
                turn, request=attrs.evolve(turn.request, request_id=f"again-{number}")
            )
            call = Call(item, values, blocking=self._blocking)
            with self._progress.step(item.hook, case.name), self._watcher.during("turn"):
                outcome = await call.within(LIMIT_S)
            if not outcome.failed:
                pictures.add(picture(outcome.value))
        if len(pictures) > 1:
            self._progress.add("pure-differs", item.hook, count=MEASURED)

    async def _hostile(self, item: Implementation) -> None:
        outcomes = {case.name: await self._judged(item, case) for case in HOSTILE_CASES}
        failed = {name: outcome for name, outcome in outcomes.items() if outcome.failed}
        if failed:
            error, names = next(iter(failed.values())).told(), ", ".join(failed)
            self._progress.add("hook-raises-hostile", item.hook, error=error, case=names)

    async def _at_once(self, item: Implementation) -> int:
        """Call it many times at once; returns how many were made."""
        began = time.perf_counter()
        await self.called(item, ORDINARY_CASES[0])
        one_s = max(time.perf_counter() - began, ONE_BY_ONE_S / AT_ONCE)
        count = max(FEWEST_AT_ONCE, int(ONE_BY_ONE_S / one_s))
        before = self._watcher.count("network")
        calls = [
            Call(item, self._values.of(case), blocking=self._blocking) for case in numbered(count)
        ]
        step = self._progress.step(item.hook, "calls at once", AT_ONCE_S + PATIENCE_S)
        with step, self._watcher.during("turn"):
            outcomes = await asyncio.gather(*(call.within(AT_ONCE_S) for call in calls))
        self._mixed(item, outcomes)
        failed = [each for each in outcomes if each.failed and not self._refused(each, before)]
        if failed:
            self._progress.add(
                "hook-fails-at-once",
                item.hook,
                count=count,
                failures=len(failed),
                error=failed[0].told(),
            )
        return count

    async def _remembers(self, item: Implementation, count: int) -> None:
        """Note what it keeps of every call.

        Args:
            item: the implementation.
            count: calls for which there is time.
        """
        if RULES[item.hook].family is Family.OBSERVE:
            # What observers hear waits in bounded queues to be sent, which fill for a while; the
            # contract of monitors fills them.
            return
        size = max(FEWEST_IN_ROUND, count // (ROUNDS + 1))
        cases = numbered(size * (ROUNDS + 1))

        async def make(number: int) -> None:
            chosen = cases[number * size : (number + 1) * size]
            values = [self._values.of(case) for case in chosen]
            calls = [Call(item, value, blocking=self._blocking) for value in values]
            await asyncio.gather(*(call.within(AT_ONCE_S) for call in calls))

        step = self._progress.step(item.hook, "many calls", AT_ONCE_S + PATIENCE_S)
        with step, self._watcher.during("turn"):
            kept = await kept_by_each(make, size)
        if kept > KEPT_BYTES:
            self._progress.add("memory-grows", item.hook, kilobytes=kept // 1024)

    def _mixed(self, item: Implementation, outcomes: Sequence[Outcome]) -> None:
        """Note where a call was given what belongs to another."""
        others = [
            signs_in(outcome.value, picture) - {sign(number)}
            for number, outcome in enumerate(outcomes)
        ]
        mixed = sum(map(bool, others))
        if mixed:
            self._progress.add("shared-state", item.hook, count=len(outcomes), mixed=mixed)

    async def _interrupted(self, item: Implementation) -> None:
        """Cancel it half-way, and while what it waits for never comes."""
        for hung, case in ((False, "half-way"), (True, "while its dependencies hang")):
            call = Call(item, self._values.of(ORDINARY_CASES[-1]), blocking=self._blocking)
            self._dependencies.hung = hung
            try:
                with self._progress.step(item.hook, case), self._watcher.during("turn"):
                    survived = await call.cancelled(HALF_WAY_S)
            finally:
                self._dependencies.hung = False
            if survived:
                self._progress.add("hook-survives-cancellation", item.hook, case=case)
                return

    async def _forsaken(self, item: Implementation) -> None:
        """Call it while what it builds on fails: the stream before it, the analysers after it."""
        if not set(_STREAMS) & set(item.arguments):
            return
        self._dependencies.failing = True
        try:
            outcome = await self.called(item, FAILING_CASE)
        finally:
            self._dependencies.failing = False
        seconds = f"{LIMIT_S:g}"
        if outcome.hung:
            self._progress.add("hook-hangs", item.hook, seconds=seconds, case=FAILING_CASE.name)
        pieces = outcome.value if isinstance(outcome.value, list) else []
        if any(isinstance(p, Finish) and p.reason is FinishReason.STOP for p in pieces):
            self._progress.add("hook-hides-failure", item.hook)
