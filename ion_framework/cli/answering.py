"""One message answered on standard output while the answer streams in."""

from __future__ import annotations

from contextlib import aclosing

import attrs

from ion_framework.cli.output import Output
from ion_framework.cli.why import document_of, show_why
from ion_framework.domain.language import Language
from ion_framework.errors import NoAnswerError
from ion_framework.ion import Ion
from ion_framework.pipeline.reply import Reply, ReplyDelta, ReplyDone
from ion_framework.pipeline.turn import TurnRequest


@attrs.frozen
class Manner:
    """How answers are shown.

    Attributes:
        as_json: one JSON object for each.
        why: the full reason after each.
        language: the language of names.
    """

    as_json: bool
    why: bool
    language: Language


async def answer(ion: Ion, request: TurnRequest, manner: Manner, output: Output) -> Reply:
    """Answer a request and write the answer.

    Raises:
        TurnError: there is no answer; says at which stage and why.
    """
    reply = await (ion.respond(request) if manner.as_json else _streamed(ion, request, output))
    persona = ion.persona(reply.persona)
    if manner.as_json:
        output.json_line(document_of(reply, persona))
        return reply
    if output.terminal:
        name, confidence = persona.shown_name(manner.language), reply.decision.confidence
        output.line(f"{name} · {reply.resonance.key} · {confidence.normalize():f}", "quiet")
    if manner.why:
        output.line()
        show_why(reply, output)
    return reply


async def _streamed(ion: Ion, request: TurnRequest, output: Output) -> Reply:
    wrote = False
    try:
        async with aclosing(ion.stream(request)) as events:
            async for event in events:
                if isinstance(event, ReplyDelta):
                    output.piece(event.text)
                    wrote = True
                elif isinstance(event, ReplyDone):
                    return event.reply
    finally:
        if wrote:
            output.line()
    raise NoAnswerError("generate", "the turn ended without a reply")
