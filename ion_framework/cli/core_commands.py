"""The core's own commands, known without importing any of them."""

from __future__ import annotations

CORE = {
    "chat": "Talk to the personas, or have one message answered.",
    "analyze": "Read the resonance of messages: tone, pace, intent.",
    "route": "Show which persona a resonance key or a message goes to.",
    "personas": "List the installed personas.",
    "persona": "Make, check, import and export personas.",
    "plugins": "List the installed plugins and their status.",
    "plugin": "Make packages of plugins.",
    "record": "Write turns into a file that can be replayed.",
    "replay": "Show what would change in recorded turns under other plugins.",
    "slo": "Show whether a running host keeps its objectives, and which alerts fire.",
    "conversations": "List, show, export, delete, back up and restore conversations.",
    "doctor": "Test the installation and say what to do about each finding.",
}
"""Name and summary. The module of a command, in this package, and its function have its name."""
