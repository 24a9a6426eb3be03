"""Reading a message part by part, and scoring every persona for each."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import attrs

from ion_framework.domain.language import detect_language
from ion_framework.domain.resonance import Resonance
from ion_framework.ensemble.aspects import PartReading, fit
from ion_framework.ensemble.claims import Claims
from ion_framework.ensemble.claims_memo import claims_of
from ion_framework.ensemble.course import Course
from ion_framework.ensemble.message_parts import MessagePart, split_message


@attrs.frozen
class MessageReading:
    """A message, read as a whole and part by part.

    Attributes:
        whole: the reading of the whole, in the language that is to be answered in.
        parts: the readings of its parts, in order; at least one.
    """

    whole: Resonance
    parts: tuple[PartReading, ...]


async def read_message(course: Course) -> MessageReading:
    """Read a message and each of its parts.

    Raises:
        NoAnswerError: no analyser or no router is active, or none could read a part.
    """
    request = course.request
    whole = await _read(course, request.text)
    if request.language and request.language is not whole.language:
        whole = attrs.evolve(whole, language=request.language)
    pieces = split_message(request.text, course.settings.parts)
    claims = claims_of(course.ion)
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(_read_part(course, piece, claims)) for piece in pieces]
    except ExceptionGroup as errors:
        raise errors.exceptions[0] from None
    return MessageReading(whole, tuple(task.result() for task in tasks))


async def _read(course: Course, text: str) -> Resonance:
    if course.request.key is not None:
        return Resonance.given(course.request.key, detect_language(text))
    return await course.ion.analyze(text)


async def _read_part(course: Course, part: MessagePart, claims: Claims) -> PartReading:
    resonance = await _read(course, part.text)
    decision = await course.ion.route(part.text, resonance)
    found = claims.of(part.text)
    fits = {
        name: fit(Decimal(decision.scores.get(name, 0)), claim) for name, claim in found.items()
    }
    return PartReading(part, resonance, fits, found)
