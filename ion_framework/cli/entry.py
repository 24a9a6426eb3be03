"""The process around the command: streams, exit code, and an end that nothing holds up."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Sequence
from typing import TextIO

import click

from ion_framework.cli.group import ion

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
    for stream in (sys.stdout, sys.stderr):
        _never_fail_to_encode(stream)
    try:
        code = _exit_code(arguments)
        sys.stdout.flush()
    except BrokenPipeError:
        code = _reader_is_gone()
    _end_in_time(code)
    return code


def _exit_code(arguments: Sequence[str]) -> int:
    try:
        result = ion.main(list(arguments), prog_name="ion", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED
    return result if isinstance(result, int) else 0


def _never_fail_to_encode(stream: TextIO) -> None:
    # A locale that has no Korean must not turn an answer into a traceback.
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="replace")


def _reader_is_gone() -> int:
    """End quietly where the reader of our output has gone (``ion route --all | head``)."""
    # The interpreter flushes standard output once more when it ends; let that go nowhere.
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    return 0


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
