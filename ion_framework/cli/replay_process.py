"""The process in which ``ion replay`` plays turns: plugins that nobody has tried may end theirs."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import attrs
import click

from ion_framework.cli.options import command_line
from ion_framework.cli.output import note
from ion_framework.cli.replay_texts import say
from ion_framework.domain.language import Language

WRONG = 2
_TOLD = "told"
"""Stands in the place of the exit code where an error was told that brings its own."""


def played_elsewhere(context: click.Context, language: Language) -> int:
    """Run the command once more in a process of its own; its exit code.

    Args:
        context: of the command ``ion replay`` as a person gave it.
        language: of the sentence that says that there is no result.
    """
    with TemporaryDirectory(prefix="ion-replay-") as folder:
        result = Path(folder, "result")
        command = (sys.executable, "-P", "-m", "ion_framework.cli", *_arguments(context, result))
        sys.stdout.flush()
        with subprocess.Popen(command, stdin=subprocess.PIPE) as process:  # noqa: S603  our own interpreter and module
            code = _waited(process)
        told = result.read_text("ascii") if result.exists() else ""
    if not told or (told == _TOLD and code <= 0):
        note(f"Error: {say('no_result', language=language, how=_how(code, language))}")
        return WRONG
    return code if code > 0 or told == _TOLD else int(told)


def _waited(process: subprocess.Popen[bytes]) -> int:
    try:
        return process.wait()
    except KeyboardInterrupt:
        process.wait()  # it was interrupted as well
        raise


def _how(code: int, language: Language) -> str:
    name = "ended_by" if code < 0 else "ended_with"
    return say(name, language=language, code=abs(code))


def told_at_end(result: Path, play: Callable[[], int]) -> int:
    """Play in this process, which is the one of its own; its exit code.

    Args:
        result: where the exit code is written once everything is told.
        play: plays and tells.
    """
    threading.Thread(target=_end_with_parent, name="ion-replay-parent", daemon=True).start()
    with _leaving(result):
        code = play()
    result.write_text(str(code), "ascii")
    return code


@contextmanager
def _leaving(result: Path) -> Iterator[None]:
    try:
        yield
    except Exception:
        result.write_text(_TOLD, "ascii")
        raise


def _end_with_parent() -> None:
    """End as soon as nobody waits for the result: standard input is closed then."""
    while os.read(0, 1):
        pass
    os._exit(WRONG)


def _arguments(context: click.Context, result: Path) -> Iterator[str]:
    """The command line that means the same."""
    yield from ("replay", "--result", str(result))
    for name, value in attrs.asdict(command_line(context), recurse=False).items():
        yield from _written(f"--{name.replace('_', '-')}", value)
    for parameter in context.command.params:
        value = context.params.get(str(parameter.name))
        if isinstance(parameter, click.Argument):
            continue
        yield from _written(parameter.opts[0], value)
    yield from ("--", str(context.params["file"]))


def _written(option: str, value: object) -> Iterator[str]:
    for item in value if isinstance(value, tuple) else (value,):
        if item is True:
            yield option
        elif item is not None and item is not False:
            yield f"{option}={item}"
