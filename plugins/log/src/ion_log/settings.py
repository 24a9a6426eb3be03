"""Settings of the plugin; ranges stand in the manifest."""

from __future__ import annotations

import logging
from collections.abc import Mapping

import attrs

LEVELS: Mapping[str, int] = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
}


@attrs.frozen
class LogSettings:
    """What is logged, and how.

    Attributes:
        turns: which turns are logged: ``none``, ``failed`` or ``all``.
        sample: share of the answered ones that is, 0 to 1.
        plugins: whether changes of plugins and holds of the event loop are logged.
        requests: whether requests to a host are logged.
        level: lowest level that is written.
        format: ``auto``, ``json``, ``cloud`` (the same) or ``console``.
        stream: ``stderr`` or ``stdout``.
        project: Google Cloud project of the traces, None without one.
        include_text: whether messages and answers are logged.
        text_chars: characters after which they are cut.
    """

    turns: str = "none"
    sample: float = 1.0
    plugins: bool = False
    requests: bool = False
    level: str = "info"
    format: str = "auto"
    stream: str = "stderr"
    project: str | None = None
    include_text: bool = False
    text_chars: int = 200

    @property
    def answered(self) -> bool:
        """Whether turns that were answered are logged."""
        return self.turns == "all"

    @property
    def failed(self) -> bool:
        """Whether turns that ended without an answer are logged."""
        return self.turns in {"failed", "all"}
