"""The process around the command: streams, exit code, and an end that nothing holds up."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress

import click

from ion_framework.cli.group import ion
from ion_framework.cli.output import note
from ion_framework.cli.streams import StandardOutput, prepare

INTERRUPTED = 130
EXIT_GRACE_S = 2.0
"""Seconds that threads of plugins have to end after the command has."""


def run(arguments: Sequence[str]) -> int:
    """Run ``ion``.

    Args:
        arguments: what follows the name of the program.

    Returns:
        the exit code.
    """
    code = _written(arguments, prepare())
    _let_go_of_full_error()
    _end_in_time(code)
    return code


def _let_go_of_full_error() -> None:
    """Drop what standard error cannot take.

    The interpreter flushes it once more at its end, and would end with a code of its own.
    """
    try:
        sys.stderr.flush()
    except OSError:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115  it stays open to the end


def _written(arguments: Sequence[str], output: StandardOutput) -> int:
    """The exit code, once everything is written or cannot be."""
    code = 0
    try:
        code = _exit_code(arguments)
        sys.stdout.flush()
    except (OSError, SystemExit):
        # click and rich end the process where a pipe is broken: SystemExit may be theirs.
        if output.failure is None:
            raise
        return _unwritten(output, output.failure, code)
    return code


def _unwritten(output: StandardOutput, failure: OSError, code: int) -> int:
    """The exit code where standard output did not take everything."""
    output.abandon()
    if isinstance(failure, BrokenPipeError):
        return code  # the reader has seen enough (``ion route --all | head``): nothing is wrong
    with suppress(OSError):  # where standard error is full too, nobody is left to tell
        note(f"Error: standard output cannot be written: {failure.strerror}")
    return 1


def _exit_code(arguments: Sequence[str]) -> int:
    try:
        result = ion.main(list(arguments), prog_name="ion", standalone_mode=False)
    except click.ClickException as error:
        with suppress(OSError):  # standard error is full: the exit code still tells
            error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED
    return result if isinstance(result, int) else 0


def _end_in_time(code: int) -> None:
    """See to it that threads which plugins left behind do not keep the process from ending.

    The interpreter waits for every thread that is no daemon. A daemon of ours ends the process
    where that takes too long; it does not run where nothing is left to wait for.
    """
    if threading.active_count() > 1:
        threading.Thread(target=_end, args=(code,), name="ion-end", daemon=True).start()


def _end(code: int) -> None:
    time.sleep(EXIT_GRACE_S)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
