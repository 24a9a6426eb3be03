"""What plugins fail with while the doctor has messages answered, taken from the log."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import attrs
import structlog

_FAILED = "a plugin failed"


@attrs.frozen
class Failure:
    """One call of a hook that failed.

    Attributes:
        plugin: the plugin.
        hook: the hook.
        reason: the class of what it raised and where, or that it took too long.
    """

    plugin: str
    hook: str
    reason: str


class Failures:
    """The failures since it was last asked."""

    def __init__(self) -> None:
        self._found: list[Failure] = []

    def taken(self) -> tuple[Failure, ...]:
        """Those since the last time, each once."""
        found = tuple(dict.fromkeys(self._found))
        self._found.clear()
        return found

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Take failures out of the log: a finding says each of them once, for people."""
        before = structlog.get_config()
        structlog.configure(processors=[self._heard, *before["processors"]])
        try:
            yield
        finally:
            structlog.configure(**before)

    def _heard(
        self, _: object, __: str, event: structlog.typing.EventDict
    ) -> structlog.typing.EventDict:
        if event.get("event") != _FAILED or "hook" not in event:
            return event
        plugin, hook, reason = (str(event.get(name, "")) for name in ("plugin", "hook", "reason"))
        place = f" ({event['at']})" if "at" in event else ""
        self._found.append(Failure(plugin, hook, reason + place))
        raise structlog.DropEvent
