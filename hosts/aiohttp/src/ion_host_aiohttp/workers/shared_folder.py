"""The folder that the workers of one run share, for what must outlive each of them."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

RUNS, ALIVE = "runs", ".alive"
"""Folder of all runs, and the file in each of them that its supervisor holds a lock on."""


@contextmanager
def shared_folder(data_dir: Path, logger: FilteringBoundLogger) -> Iterator[str | None]:
    """An empty folder for this run, removed at its end; None where none can be made.

    What a run left behind that was killed is removed at the next start.

    Args:
        data_dir: folder for data; where it cannot be written, the system's folder for passing
            files is taken.
        logger: told where neither can be written.
    """
    folder = _made(data_dir / RUNS)
    if folder is None:
        logger.warning(
            "no folder for what workers share: figures of plugins are those of one worker each",
            folder=str(data_dir / RUNS),
            advice="set ION_DATA_DIR to a folder that can be written",
        )
        yield None
        return
    held = _hold(folder)
    try:
        yield str(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(held)


def _made(runs: Path) -> Path | None:
    with suppress(OSError):
        runs.mkdir(mode=0o700, parents=True, exist_ok=True)
        _sweep(runs)
        return Path(tempfile.mkdtemp(prefix="run-", dir=runs)).absolute()
    with suppress(OSError):
        return Path(tempfile.mkdtemp(prefix="ion-run-"))
    return None


def _hold(folder: Path) -> int:
    """Lock the file that says that this run is alive; the lock ends with the process."""
    import fcntl  # unknown to Windows, where there are no workers

    held = os.open(folder / ALIVE, os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(held, fcntl.LOCK_EX)
    return held


def _sweep(runs: Path) -> None:
    """Remove what runs left behind that are gone.

    Process numbers do not say that: containers that share a folder of data all begin with 1.
    """
    import fcntl  # unknown to Windows, where there are no workers

    for alive in runs.glob(f"run-*/{ALIVE}"):
        with suppress(OSError), alive.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(alive.parent, ignore_errors=True)
