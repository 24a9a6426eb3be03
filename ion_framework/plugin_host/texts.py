"""Which sentences of plugins count, and in which order."""

from __future__ import annotations

from collections.abc import Sequence

from ion_framework.domain.plugin_texts import PluginTexts
from ion_framework.manifest.model import Kind
from ion_framework.manifest.texts import read_host_texts
from ion_framework.plugin_host.ordering import arrange
from ion_framework.plugin_host.record import PluginRecord, Status
from ion_framework.plugin_host.registry import place_of


def texts_of(records: Sequence[PluginRecord]) -> PluginTexts:
    """What the plugins that run bring, in the order of ``before`` and ``after``.

    Fallbacks come first, where everywhere else they come last: of texts the last one counts, and a
    fallback never goes before a plugin that is none.

    Args:
        records: every plugin.

    Raises:
        PluginOrderError: ``before`` and ``after`` form a cycle.
    """
    brought = {
        record.name: record.manifest
        for record in records
        if record.status in _RUNNING and record.manifest and record.manifest.sentences
    }
    places = [place_of(record) for record in records if record.name in brought]
    order = sorted(arrange(places), key=lambda name: not brought[name].fallback)
    return PluginTexts(tuple((name, brought[name].sentences) for name in order))


_RUNNING = (Status.ACTIVE, Status.QUARANTINED)


def texts_remarks(records: Sequence[PluginRecord]) -> tuple[str, ...]:
    """What every installed host would remark on the texts of the plugins, one sentence each.

    Args:
        records: every plugin.

    Raises:
        ManifestError: the texts of a host are wrong.
    """
    brought = texts_of(records)
    if not brought.brought:
        return ()
    return tuple(
        remark
        for record in records
        if record.status in _RUNNING and record.manifest and record.candidate.folder
        if Kind.HOST in record.provides and record.manifest.texts
        for remark in brought.over(
            read_host_texts(record.candidate.folder, record.manifest.texts)
        ).remarks
    )
