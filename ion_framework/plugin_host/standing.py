"""Whether an installation can only give second best answers, before anything is asked."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from ion_framework.manifest.model import Kind
from ion_framework.plugin_host.ordering import arrange
from ion_framework.plugin_host.record import PluginRecord, Status
from ion_framework.plugin_host.registry import place_of


def standing_degradation(
    records: Sequence[PluginRecord], order: Sequence[str], active: AbstractSet[str]
) -> str:
    """Why every answer is second best: a generator that would be asked first cannot run.

    Args:
        records: every plugin.
        order: the list ``order.ion_generate`` of the settings.
        active: the generators that run.
    """
    wanted = {
        record.name: record
        for record in records
        if Kind.GENERATOR in record.provides
        and record.manifest is not None
        and not record.manifest.fallback
        and (record.name in active or record.status in _BROKEN)
    }
    reasons = []
    for name in arrange(map(place_of, wanted.values()), order):
        if name in active:
            break
        reasons.append(f"the generator {name} is {wanted[name].status.value}")
    return "; ".join(reasons)


_BROKEN = (Status.FAILED, Status.INVALID, Status.CONFLICT, Status.UNTRUSTED)
