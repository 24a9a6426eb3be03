"""The records of all plugins, and who is told when one of them changes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from ion_framework.errors import RequiredPluginError
from ion_framework.plugin_host.record import PluginRecord, Status
from ion_framework.plugin_host.selection import is_named

Listener = Callable[[PluginRecord, PluginRecord], None]


class Records:
    """Every installed plugin with its status, by name.

    Args:
        records: the records as they are found.
    """

    def __init__(self, records: Iterable[PluginRecord]) -> None:
        self._records = list(records)
        self._listener: Listener | None = None

    def __iter__(self) -> Iterator[PluginRecord]:
        return iter(tuple(self._records))

    def on_change(self, listener: Listener) -> None:
        """Have a function called with the record before and after each change of status."""
        self._listener = listener

    def of(self, name: str) -> PluginRecord:
        """The record of a plugin; of two that share a name the one that is not disabled.

        Raises:
            LookupError: no plugin of this name is installed.
        """
        found = [record for record in self._records if record.name == name]
        if not found:
            raise LookupError(f"no plugin {name!r} is installed")
        found.sort(key=lambda record: record.status is Status.DISABLED)
        return found[0]

    def ready(self) -> list[PluginRecord]:
        """Those that can be activated."""
        return [record for record in self._records if record.status is Status.READY]

    def change(self, record: PluginRecord, status: Status, reason: str) -> None:
        """Give a plugin another status, and tell of it."""
        changed = self.replace(record, record.become(status, reason))
        if self._listener is not None:
            self._listener(record, changed)

    def replace(self, record: PluginRecord, changed: PluginRecord) -> PluginRecord:
        """Put another record in the place of one; returns it."""
        for index, known in enumerate(self._records):
            if known.candidate == record.candidate:
                self._records[index] = changed
        return changed

    def check_required(self, required: Iterable[str], wanted: Status) -> None:
        """Stop where a required plugin does not have the status that it should have by now.

        Args:
            required: names of plugins or distributions.
            wanted: the status.

        Raises:
            RequiredPluginError: one has not; says why.
        """
        for name in required:
            found = [r for r in self._records if is_named((name,), r.candidate)]
            if not found:
                raise RequiredPluginError(
                    f"the required plugin {name!r} is not installed; install it, or take it off "
                    "plugins.required"
                )
            for plugin in dict.fromkeys(record.name for record in found):
                record = self.of(plugin)
                if record.status is not wanted:
                    raise RequiredPluginError(
                        f"the required plugin {name!r} is {record.status.value}: {record.reason}"
                    )
