"""Recording answers that are given for it: each message is answered by the installed plugins."""

from __future__ import annotations

from collections.abc import Iterable

from ion_framework.errors import TurnError
from ion_framework.ion import Ion
from ion_framework.pipeline.taps import TurnTold
from ion_framework.pipeline.turn import TurnRequest
from ion_framework.recording.heading import header_of
from ion_framework.recording.model import Origin
from ion_framework.recording.taking import Manner, Taker
from ion_framework.recording.writing import RecordingWriter


async def record_answers(
    ion: Ion, requests: Iterable[TurnRequest], manner: Manner, writer: RecordingWriter
) -> int:
    """Have requests answered, one after the other, and write the turns down.

    Args:
        ion: what answers; open.
        requests: what is asked.
        manner: what is kept.
        writer: where it goes.

    Returns:
        how many have no answer; they are written down with the reason.
    """
    taker, unanswered = Taker(manner, ion.engine.prompt_of), 0
    writer.begin(header_of(ion, Origin.MESSAGES, manner))
    told: list[TurnTold] = []
    with ion.engine.taps.listening(told.append):
        for request in requests:
            try:
                await ion.respond(request)
            except TurnError:
                unanswered += 1
            for turn in told:
                writer.add(await taker.taken(turn, writer.turns + 1))
            told.clear()
    return unanswered
