"""What ``ion record`` does."""

from __future__ import annotations

import os
import sys
from contextlib import aclosing
from itertools import islice
from pathlib import Path

import attrs
import click

from ion_framework.cli.conversations_store import opened_store
from ion_framework.cli.opening import opened
from ion_framework.cli.output import Output, note
from ion_framework.cli.record_texts import say
from ion_framework.clock import SystemClock
from ion_framework.conversations.exporting import Selection
from ion_framework.domain.language import Language
from ion_framework.pipeline.turn import TurnRequest
from ion_framework.recording.answering import record_answers
from ion_framework.recording.kept import KeptTurns
from ion_framework.recording.messages import read_messages, requests_of
from ion_framework.recording.model import Header, Origin, RecordingError
from ion_framework.recording.remote import Amount, Place, record_host
from ion_framework.recording.taking import Manner
from ion_framework.recording.writing import RecordingWriter
from ion_framework.running import run
from ion_framework.settings.model import Settings
from ion_framework.settings.secrets import Secrets, read_secret


@attrs.frozen(kw_only=True)
class Recorded:
    """What the options say, by their names."""

    file: Path
    messages: Path | None
    url: str | None
    conversations: bool
    key_file: Path | None
    turns: int | None
    seconds: float | None
    user_id: str | None
    full: bool
    no_prompts: bool
    overwrite: bool
    language: Language
    as_json: bool
    settings: Settings

    @property
    def manner(self) -> Manner:
        """What is kept of a turn."""
        return Manner(full=self.full, prompts=not self.no_prompts)


def record_turns(asked: Recorded) -> int:
    """Record, and say what was recorded; the exit code.

    Raises:
        IonError: it cannot be done; what was written until then is a good recording.
    """
    output, unanswered = Output(), 0
    requests = _requests(asked) if asked.messages else ()
    place = Place(url=asked.url, key=_key(asked)) if asked.url else None
    if asked.full:
        note(say("full", asked.language, file=asked.file))
    writer = RecordingWriter(asked.file, replace=asked.overwrite)
    with output.reserved(), writer:
        if place is not None:
            _from_host(asked, place, writer)
        elif asked.conversations:
            run(_from_store(asked, writer))
        else:
            unanswered = run(_from_messages(asked, requests, writer))
    _tell(asked, writer, unanswered, output)
    return 0


def _requests(asked: Recorded) -> tuple[TurnRequest, ...]:
    assert asked.messages  # noqa: S101  the caller has looked
    if asked.messages == Path("-"):
        found = requests_of(sys.stdin.buffer, "standard input")
    else:
        try:
            found = read_messages(asked.messages)
        except RecordingError as error:
            raise WrongError(str(error)) from error
    return tuple(islice(found, asked.turns))


class WrongError(click.ClickException):
    """The file with the messages is missing, or is not what it should be."""

    exit_code = 2


def _key(asked: Recorded) -> str | None:
    if asked.key_file is not None:
        return read_secret("--key-file", asked.key_file)
    return Secrets(os.environ).find("ION_API_KEY")


async def _from_messages(
    asked: Recorded, requests: tuple[TurnRequest, ...], writer: RecordingWriter
) -> int:
    async with opened(asked.settings) as ion:
        return await record_answers(ion, requests, asked.manner, writer)


def _from_host(asked: Recorded, place: Place, writer: RecordingWriter) -> None:
    amount = Amount(turns=asked.turns, seconds=asked.seconds)
    if amount == Amount():
        note(say("follow", asked.language, url=place.url))
    try:
        record_host(place, asked.manner, amount, writer)
    except KeyboardInterrupt:
        if amount != Amount():
            raise


async def _from_store(asked: Recorded, writer: RecordingWriter) -> None:
    import ion_framework  # the version is read where somebody records

    manner = asked.manner
    header = Header(
        core=str(ion_framework.__version__),
        origin=Origin.CONVERSATIONS,
        redacted=not manner.full,
        prompts=False,
        at=SystemClock().time(),
    )
    kept = KeptTurns(manner, asked.settings.conversations)
    async with opened_store(asked.settings) as store:
        writer.begin(header)
        async with aclosing(kept.of(store, Selection(user_id=asked.user_id))) as turns:
            async for turn in turns:
                writer.add(turn)
                if writer.turns == asked.turns:
                    break


def _tell(asked: Recorded, writer: RecordingWriter, unanswered: int, output: Output) -> None:
    if asked.as_json:
        document: dict[str, object] = {
            "file": str(asked.file),
            "turns": writer.turns,
            "unanswered": unanswered,
            "lost": writer.lost,
            "processes": writer.processes,
            "redacted": not asked.full,
        }
        output.json(document)
        return
    output.line(say("recorded", asked.language, turns=writer.turns, file=asked.file))
    if unanswered:
        output.line(say("unanswered", asked.language, count=unanswered), "notice")
    if writer.lost:
        output.line(say("lost", asked.language, count=writer.lost), "notice")
    if writer.processes > 1:
        output.line(say("one_process", asked.language, processes=writer.processes), "notice")
