"""Turns that were just answered, recorded and played again."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import aclosing
from pathlib import Path
from typing import Any

from ion_framework.domain.key import ALL_KEYS, ResonanceKey
from ion_framework.domain.language import detect_language
from ion_framework.domain.resonance import Resonance
from ion_framework.ion import Ion
from ion_framework.pipeline.markers import hookimpl
from ion_framework.pipeline.turn import TurnRequest
from ion_framework.plugin_host.discovery import Candidate
from ion_framework.recording.answering import record_answers
from ion_framework.recording.comparing import ReplayedTurn
from ion_framework.recording.reading import Recording, read_recording
from ion_framework.recording.replaying import Replay
from ion_framework.recording.report import Report, report_of
from ion_framework.recording.taking import Manner
from ion_framework.recording.writing import RecordingWriter
from ion_framework.testing import make_plugin


class KeyNames:
    """An analyser that reads the key that a message begins with."""

    @hookimpl
    def ion_analyze(self, turn: Any) -> Resonance:
        """The reading."""
        key = ResonanceKey.parse(turn.text.split()[0])
        return Resonance.given(key, detect_language(turn.text))


def key_names() -> Candidate:
    """The analyser as a plugin."""
    return make_plugin("key-names", KeyNames(), "analyzer")


def every_key(count: int) -> list[str]:
    """So many messages, each named after a key; no two in a row share a tone."""
    return [f"{ALL_KEYS[(7 * place) % len(ALL_KEYS)]} please {place}" for place in range(count)]


async def recorded(
    ion: Ion,
    file: Path,
    requests: Iterable[TurnRequest | str],
    *,
    manner: Manner | None = None,
) -> Recording:
    """What an open installation answers, written and read back."""
    asked = [TurnRequest(text=item) if isinstance(item, str) else item for item in requests]
    with RecordingWriter(file) as writer:
        await record_answers(ion, asked, manner or Manner(), writer)
    return read_recording(file)


async def played(
    ion: Ion, recording: Recording, *, answers: bool = False
) -> tuple[list[ReplayedTurn], Report]:
    """What an open installation makes of a recording."""
    replay = Replay(ion, recording, answers=answers)
    async with aclosing(replay.turns()) as found:
        turns = [turn async for turn in found]
    return turns, report_of(recording, turns, (), answered=replay.answers)
