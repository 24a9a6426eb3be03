"""Playing recorded turns again under the plugins of an installation."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from itertools import islice
from typing import TYPE_CHECKING

import attrs

from ion_framework.errors import NoAnswerError, TurnError
from ion_framework.pipeline.reply import Reply, ReplyDone
from ion_framework.pipeline.taps import TurnTold
from ion_framework.recording.comparing import PREPARING, ReplayedTurn, Side, recorded_side
from ion_framework.recording.model import Problem, RecordedTurn
from ion_framework.recording.reading import Recording
from ion_framework.recording.redaction import redact
from ion_framework.recording.taking import Manner, recorded_prompt

if TYPE_CHECKING:
    from ion_framework.domain.resonance import Resonance
    from ion_framework.ion import Ion
    from ion_framework.pipeline.rehearsal import Rehearsal
    from ion_framework.pipeline.turn import TurnRequest


_ATTEMPTS = 20
"""Turns of which an answer is tried before answers count as impossible."""


class Replay:
    """Plays the turns of a recording.

    Attributes:
        answers: whether turns are answered, and not only prepared.

    Args:
        ion: what they are played under; open, without a cache.
        recording: the recording.
        answers: whether turns are answered even where that may cost something.
    """

    def __init__(self, ion: Ion, recording: Recording, *, answers: bool) -> None:
        self.answers = answers
        self._ion = ion
        self._recording = recording
        self._manner = Manner(full=not recording.header.redacted)

    async def turns(self) -> AsyncGenerator[ReplayedTurn, None]:
        """Every turn before and after."""
        recorded = self._recording.turns
        await self._warm_up(recorded[:1])
        self.answers = self.answers or await self._is_deterministic(recorded)
        for turn in recorded:
            yield await self._played(turn)

    async def _warm_up(self, first: Sequence[RecordedTurn]) -> None:
        """Play the first turn once unmeasured: what is loaded when it is first used is no delay."""
        for turn in first:
            try:
                await self._ion.engine.rehearse(_request(turn))
            except TurnError:
                continue
            finally:
                self._ion.engine.forget()

    async def _is_deterministic(self, recorded: Sequence[RecordedTurn]) -> bool:
        """Whether answers cost nothing and say the same twice.

        Every generator has to declare that it opens no connections, and to say the same twice of
        the first turn that had an answer and has one now.
        """
        generators = self._ion.hooks.of("ion_generate")
        if not generators or any(self._opens_connections(item.plugin) for item in generators):
            return False
        answered = (turn for turn in recorded if turn.problem is None)
        for turn in islice(answered, _ATTEMPTS):
            said = await self._said(turn)
            if said is not None:
                return said == await self._said(turn)
        return False

    async def _said(self, turn: RecordedTurn) -> str | None:
        """What is answered now, None where nothing is."""
        try:
            return (await self._answered(_request(turn), _known(turn))).content
        except TurnError:
            return None
        finally:
            self._ion.engine.forget()

    def _opens_connections(self, plugin: str) -> bool:
        manifest = self._ion.host.record(plugin).manifest
        return manifest is None or manifest.capabilities.network

    async def _played(self, turn: RecordedTurn) -> ReplayedTurn:
        known = _known(turn)
        after = await (self._whole(turn, known) if self.answers else self._prepared(turn, known))
        if known is not None and turn.request.key is None:
            # The time of a reading that was not made is no measure either.
            after = attrs.evolve(after, key=await self._key_of(turn), took_ms=None)
        return ReplayedTurn(
            number=turn.number,
            before=recorded_side(turn, answered=self.answers),
            after=after,
            by_recorded_key=known is not None,
        )

    async def _key_of(self, turn: RecordedTurn) -> str | None:
        try:
            return str((await self._ion.analyze(turn.request.text)).key)
        except NoAnswerError:
            return None

    async def _prepared(self, turn: RecordedTurn, known: Resonance | None) -> Side:
        try:
            found = await self._ion.engine.rehearse(_request(turn), known)
        except TurnError as error:
            return Side(problem=self._problem(error.code, str(error)))
        return self._side(found)

    def _side(self, found: Rehearsal) -> Side:
        side = self._understood(
            TurnTold(turn=found.turn, prompt=found.prompt, reply=None, at=0.0, spent_ms=0.0)
        )
        took = sum(item.duration_ms for item in found.stages if item.stage in PREPARING)
        return attrs.evolve(side, took_ms=took)

    async def _whole(self, turn: RecordedTurn, known: Resonance | None) -> Side:
        told: list[TurnTold] = []
        with self._ion.engine.taps.listening(told.append):
            try:
                await self._answered(_request(turn), known)
            except TurnError as error:
                if not told:
                    return Side(problem=self._problem(error.code, str(error)))
        return self._understood(told[0])

    async def _answered(self, request: TurnRequest, known: Resonance | None) -> Reply:
        async with aclosing(self._ion.engine.stream(request, known)) as events:
            async for event in events:
                if isinstance(event, ReplyDone):
                    return event.reply
        raise NoAnswerError("generate", "the turn ended without a reply")

    def _understood(self, told: TurnTold) -> Side:
        resonance, decision = told.turn.resonance, told.turn.decision
        reply = told.reply
        return Side(
            key=str(resonance.key) if resonance else None,
            persona=decision.primary if decision else None,
            confidence=decision.confidence if decision else None,
            margin=decision.margin if decision else None,
            scores=dict(decision.scores) if decision else {},
            reasons=tuple(map(self._shown, decision.reasons)) if decision else (),
            prompt=recorded_prompt(told.prompt, self._manner) if told.prompt else None,
            reply=self._shown(reply.content) if reply else None,
            problem=self._problem(told.code, told.message) if told.code else None,
            took_ms=told.spent_ms if reply else None,
        )

    def _problem(self, code: str, message: str) -> Problem:
        return Problem(code, self._shown(message))

    def _shown(self, text: str) -> str:
        return text if self._manner.full else redact(text).text


def _request(turn: RecordedTurn) -> TurnRequest:
    """The request as it is played: nothing stored is served, and nothing is stored."""
    return attrs.evolve(turn.request, use_cache=False)


def _known(turn: RecordedTurn) -> Resonance | None:
    """The recorded reading, where the text is no longer what was read; None where it is."""
    return turn.resonance if turn.marks else None
