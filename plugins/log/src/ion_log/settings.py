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
        turns: whether answered turns are logged.
        sample: share of them that is, 0 to 1.
        failures: whether failed turns are logged.
        plugins: whether changes of plugins and holds of the event loop are logged.
        requests: whether requests to a host are logged.
        level: lowest level that is written.
        format: ``auto``, ``json`` or ``console``.
        stream: ``stderr`` or ``stdout``.
        project: Google Cloud project of the traces; empty without one.
        include_text: whether messages and answers are logged.
        text_chars: characters after which they are cut.
    """

    turns: bool = False
    sample: float = 1.0
    failures: bool = True
    plugins: bool = False
    requests: bool = False
    level: str = "info"
    format: str = "auto"
    stream: str = "stderr"
    project: str = ""
    include_text: bool = False
    text_chars: int = 200
