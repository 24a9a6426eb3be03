"""What ``ion replay`` does."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import aclosing, contextmanager
from functools import partial
from pathlib import Path

import attrs
import click

from ion_framework.cli.opening import logging_to_stderr
from ion_framework.cli.output import Output, note
from ion_framework.cli.replay_texts import say
from ion_framework.cli.replay_view import show_report, show_turn
from ion_framework.domain.language import Language
from ion_framework.errors import PluginError
from ion_framework.ion import Ion
from ion_framework.plugin_host.discovery import Source, installed
from ion_framework.recording.comparing import ReplayedTurn
from ion_framework.recording.heading import active_plugins
from ion_framework.recording.markdown import markdown_of
from ion_framework.recording.model import RecordingError
from ion_framework.recording.reading import Recording, read_recording
from ion_framework.recording.replaying import Replay
from ion_framework.recording.report import Aspect, Report, report_of
from ion_framework.recording.variant import (
    Changes,
    Variant,
    check_router,
    check_running,
    make_variant,
)
from ion_framework.running import run
from ion_framework.settings.model import Settings

WRONG = 2


@attrs.frozen(kw_only=True)
class Replayed:
    """What the options say, by their names."""

    file: Path
    added: tuple[str, ...]
    removed: tuple[str, ...]
    router: str | None
    generate: bool
    limit: int | None
    show: int | None
    markdown: Path | None
    fail_on: tuple[str, ...]
    slower: float
    language: Language
    as_json: bool
    settings: Settings
    source: Source = installed

    @property
    def changes(self) -> Changes:
        """What is different in the set of plugins."""
        return Changes(added=self.added, removed=self.removed, router=self.router)


def replay_turns(asked: Replayed) -> int:
    """Play the turns, and show what changes; the exit code.

    Raises:
        click.ClickException: the file or the command line is wrong, or the plugins cannot start.
    """
    output = Output()
    with _wrong():
        recording = read_recording(asked.file, asked.limit)
        variant = make_variant(asked.source, asked.settings, asked.changes)
        if asked.router is not None:
            check_router(variant, asked.router)
    with output.reserved(), logging_to_stderr(variant.settings):
        turns, report = run(_played(recording, variant, answers=asked.generate))
    telling = partial(say, language=asked.language)
    if asked.markdown is not None:
        _write(asked.markdown, markdown_of(report, turns, telling))
    _show(asked, recording, report, turns, output)
    return _code(asked, report, telling)


def _code(asked: Replayed, report: Report, telling: Callable[..., str]) -> int:
    """The exit code: what was not compared has not stayed the same."""
    aspects = tuple(map(Aspect, asked.fail_on))
    if not report.turns:
        note(telling("nothing_played", file=asked.file))
        return WRONG
    missing = [aspect for aspect in aspects if not report.compared(aspect)]
    for aspect in missing:
        hint = telling("hint_reply") if aspect is Aspect.REPLY and not asked.generate else ""
        note(telling("nothing_compared", aspect=aspect.value, hint=hint))
    if any(report.changed(aspect, asked.slower) for aspect in aspects):
        return 1
    return WRONG if missing else 0


class WrongError(click.ClickException):
    """The file, or a plugin that an option names, is not what it should be."""

    exit_code = WRONG


@contextmanager
def _wrong() -> Iterator[None]:
    """Turn what is wrong with the file or the options into an error with the exit code 2."""
    try:
        yield
    except (RecordingError, PluginError) as error:
        raise WrongError(str(error)) from error


async def _played(
    recording: Recording, variant: Variant, *, answers: bool
) -> tuple[tuple[ReplayedTurn, ...], Report]:
    async with Ion(variant.settings, source=variant.source, environ=os.environ) as ion:
        with _wrong():
            check_running(variant, ion.plugins)
        replay = Replay(ion, recording, answers=answers)
        async with aclosing(replay.turns()) as found:
            turns = tuple([turn async for turn in found])
        plugins = active_plugins(ion)
    return turns, report_of(recording, turns, plugins, answered=replay.answers)


def _write(file: Path, text: str) -> None:
    try:
        file.write_text(text, "utf-8")
    except OSError as error:
        raise click.ClickException(f"{file}: cannot be written: {error.strerror}") from error


def _show(
    asked: Replayed,
    recording: Recording,
    report: Report,
    turns: tuple[ReplayedTurn, ...],
    output: Output,
) -> None:
    telling: Callable[..., str] = partial(say, language=asked.language)
    if asked.as_json:
        output.json(
            {
                "file": str(recording.file),
                "recording": recording.header,
                "lost": recording.lost,
                "torn": recording.torn,
                "report": report,
                "turns": [_document(turn) for turn in turns],
            }
        )
        return
    if recording.torn:
        output.line(telling("torn", file=recording.file), "notice")
    if recording.lost:
        output.line(telling("lost", count=recording.lost), "notice")
    if asked.show is not None:
        show_turn(_turn(turns, asked.show), telling, output)
        return
    show_report(report, turns, telling, output)


def _turn(turns: tuple[ReplayedTurn, ...], number: int) -> ReplayedTurn:
    found = [turn for turn in turns if turn.number == number]
    if not found:
        raise click.UsageError(f"--show: there is no turn {number} among those that were played")
    return found[0]


def _document(turn: ReplayedTurn) -> dict[str, object]:
    """A turn without the texts of prompts, which ``--show`` has."""
    sides = {
        name: attrs.evolve(side, prompt=side.prompt and attrs.evolve(side.prompt, text=None))
        for name, side in (("before", turn.before), ("after", turn.after))
    }
    return {
        "number": turn.number,
        **sides,
        "by_recorded_key": turn.by_recorded_key,
        "reading_changed": turn.reading_changed,
        "marks_read_otherwise": turn.marks_read_otherwise,
        "routing_changed": turn.routing_changed,
        "scores_changed": turn.scores_changed,
        "prompt_changed": turn.prompt_changed,
        "reply_changed": turn.reply_changed,
        "similarity": turn.similarity,
    }
