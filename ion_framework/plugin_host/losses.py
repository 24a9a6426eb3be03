"""What stops working once a plugin is out: turns need one of each of these kinds."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import attrs

from ion_framework.manifest.model import Kind
from ion_framework.plugin_host.host import PluginHost
from ion_framework.plugin_host.record import Status

EFFECTS: Mapping[Kind, str] = MappingProxyType(
    {
        Kind.ANALYZER: "callers have to name the resonance key themselves",
        Kind.ROUTER: "callers have to name the persona themselves",
        Kind.GENERATOR: "nobody can answer",
        Kind.PERSONA: "there is nobody who could answer",
    }
)
"""What it means that no plugin of a kind is active."""

_HOOKS = {
    Kind.ANALYZER: "ion_analyze",
    Kind.ROUTER: "ion_route",
    Kind.GENERATOR: "ion_generate",
}
_PERSONAS = "ion_provide_personas"


@attrs.frozen
class Loss:
    """A kind of which nobody is left.

    Attributes:
        kind: the kind.
        others: further plugins of this kind that are installed and not active, each with its
            status: ``offline (disabled)``.
    """

    kind: Kind
    others: tuple[str, ...]

    @property
    def effect(self) -> str:
        """What it means, in English."""
        return EFFECTS[self.kind]


def losses(name: str, host: PluginHost) -> tuple[Loss, ...]:
    """The kinds of which nobody is active any more once a plugin is out.

    Args:
        name: the plugin.
        host: all plugins, activated.
    """
    return tuple(
        Loss(kind, _others(kind, name, host)) for kind in EFFECTS if _is_last(name, kind, host)
    )


def _is_last(name: str, kind: Kind, host: PluginHost) -> bool:
    if kind is Kind.PERSONA:
        # A persona whose code is in quarantine, or deactivated, goes on speaking by its manifest.
        return [r.name for r, personas in host.provided(_PERSONAS) if personas] == [name]
    bringing = {item.plugin for item in host.table()[_HOOKS[kind]]}
    if name not in bringing or host.record(name).status not in _COMES_BACK:
        return False
    return not any(
        host.record(other).status is Status.ACTIVE for other in bringing if other != name
    )


_COMES_BACK = (Status.ACTIVE, Status.QUARANTINED)


def _others(kind: Kind, name: str, host: PluginHost) -> tuple[str, ...]:
    return tuple(
        f"{record.name} ({record.status.value})"
        for record in host.records
        if kind in record.provides and record.name != name
    )
