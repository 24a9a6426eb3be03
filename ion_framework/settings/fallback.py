"""The settings to go on with where those that were meant cannot be read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from ion_framework.settings.loading import CommandLine, text_of
from ion_framework.settings.model import PluginSettings, Settings, Trust


def fallback_settings(environ: Mapping[str, str], line: CommandLine) -> Settings:
    """The default settings; where trust may have been meant to be pinned, nobody is trusted.

    Who goes on in order to say what is wrong must not import what the settings keep out. So where
    the environment or the file so much as speaks of trust or pins, trust is ``pinned`` here, and
    without pins no plugin runs.

    Args:
        environ: the environment.
        line: what the command line says.
    """
    said = environ.get("ION_PLUGINS_TRUST", "").strip().lower()
    if said not in ("", Trust.ANY.value) or _speaks_of_trust(environ, line):
        return Settings(plugins=PluginSettings(trust=Trust.PINNED))
    return Settings()


def _speaks_of_trust(environ: Mapping[str, str], line: CommandLine) -> bool:
    named = environ.get("ION_CONFIG", "").strip()
    file = line.config or (Path(named).expanduser() if named else None)
    if file is None:
        return False
    try:
        return re.search(r"\b(trust|pins|pinned)\b", text_of(file)) is not None
    except FileNotFoundError:
        return False
    except (OSError, UnicodeDecodeError):
        return True
