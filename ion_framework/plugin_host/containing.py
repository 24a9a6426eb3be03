"""Which bounds each plugin has, and what becomes of its status when it is put out of turns."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ion_framework.clock import Clock
from ion_framework.manifest.model import Kind
from ion_framework.pipeline.bulkhead import Bulkhead
from ion_framework.pipeline.containment import Containment
from ion_framework.pipeline.quarantine import Quarantine, Standing
from ion_framework.plugin_host.record import PluginRecord, Status

STATUSES = {
    Standing.IN: Status.ACTIVE,
    Standing.OUT: Status.QUARANTINED,
    Standing.DEACTIVATED: Status.FAILED,
}


class Containing:
    """The bounds of all plugins that have code.

    Args:
        clock: the clock of quarantine.
        places: how many calls of a third party's plugin may run at a time.
        tell: called with plugin, status and reason whenever one is put out, let in, or deactivated.
    """

    def __init__(self, clock: Clock, places: int, tell: Callable[[str, Status, str], None]) -> None:
        self._clock = clock
        self._places = places
        self._tell = tell
        self._known: dict[str, Containment] = {}

    @property
    def known(self) -> Mapping[str, Containment]:
        """The bounds by plugin."""
        return self._known

    def of(self, record: PluginRecord) -> Containment:
        """The bounds of a plugin, new the first time.

        First-party code is awaited directly and has no bulkhead. A guard has no quarantine: who is
        put out by failing often could be put out on purpose.
        """
        name = record.name
        if name not in self._known:
            self._known[name] = Containment(
                bulkhead=None if record.candidate.first_party else self._bulkhead(record),
                quarantine=None if Kind.GUARD in record.provides else self._quarantine(name),
            )
        return self._known[name]

    def _quarantine(self, name: str) -> Quarantine:
        def tell(standing: Standing, reason: str) -> None:
            self._tell(name, STATUSES[standing], reason)

        return Quarantine(self._clock, tell)

    def _bulkhead(self, record: PluginRecord) -> Bulkhead:
        def on_full() -> None:
            import structlog  # only an overload pays for it

            structlog.get_logger("ion").warning(
                "a plugin has no place free",
                plugin=record.name,
                distribution=record.distribution,
                places=self._places,
                advice="its calls hang, or plugins.bulkhead is too small for this host",
            )

        return Bulkhead(self._places, on_full)
