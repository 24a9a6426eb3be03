"""How far something is: a bar on a terminal, else one line at its begin."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ion_framework.cli.output import note


@contextmanager
def shown(what: str, seconds: float) -> Iterator[Callable[[float, str], None]]:
    """Show how far it is; gives what is told seconds since the begin, and figures for people.

    Args:
        what: what is going on.
        seconds: how long it takes.
    """
    if not sys.stderr.isatty():
        note(what)
        yield lambda _elapsed_s, _figures: None
        return
    from rich.console import Console  # only people at a terminal need it
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    text = TextColumn("{task.fields[figures]}")
    with Progress(*columns, text, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(what, total=seconds, figures="")

        def show(elapsed_s: float, figures: str) -> None:
            progress.update(task, completed=elapsed_s, figures=figures)

        yield show
