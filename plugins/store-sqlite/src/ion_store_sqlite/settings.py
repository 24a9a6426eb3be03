"""The plugin's settings; the manifest says what each accepts and what it is by default."""

from __future__ import annotations

import attrs


@attrs.frozen(kw_only=True)
class StoreSettings:
    """Where the database is, and its bounds.

    Attributes:
        path: the file; empty is one in the plugin's own folder.
        max_bytes: bytes that it may take.
        max_turns: turns that a conversation may have.
        busy_s: seconds for which a write waits for other processes.
    """

    path: str
    max_bytes: int
    max_turns: int
    busy_s: float
