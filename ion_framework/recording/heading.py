"""The header of a recording that an installation makes."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from ion_framework.ion import Ion
from ion_framework.jsonable import JsonValue, jsonable, to_json
from ion_framework.manifest.model import SettingType
from ion_framework.plugin_host.record import PluginRecord, Status
from ion_framework.recording.model import Header, Origin, RecordedPlugin
from ion_framework.recording.taking import Manner

_DEPEND = ("order", "turn", "context", "prompt", "ensemble", "conversations")
"""Sections of the settings that answers depend on."""


def header_of(ion: Ion, origin: Origin, manner: Manner, processes: int = 1) -> Header:
    """The header of what an installation records.

    Args:
        ion: the installation, active.
        origin: where the turns come from.
        manner: what is kept of them.
        processes: processes that serve with this one.
    """
    import ion_framework  # here, so that the version is read where somebody records

    return Header(
        core=str(ion_framework.__version__),
        plugins=active_plugins(ion),
        settings=settings_digest(ion),
        origin=origin,
        redacted=not manner.full,
        prompts=manner.prompts,
        at=ion.clock.time(),
        processes=processes,
    )


def active_plugins(ion: Ion) -> tuple[RecordedPlugin, ...]:
    """The plugins that run."""
    return tuple(
        RecordedPlugin(record.name, record.distribution, record.version) for record in _active(ion)
    )


def settings_digest(ion: Ion) -> str:
    """SHA-256 of the settings that answers depend on, secrets left out."""
    document = {name: jsonable(getattr(ion.settings, name)) for name in _DEPEND}
    document["plugin"] = {record.name: _open_settings(record) for record in _active(ion)}
    return hashlib.sha256(to_json(document).encode()).hexdigest()


def _active(ion: Ion) -> tuple[PluginRecord, ...]:
    return tuple(record for record in ion.plugins if record.status is Status.ACTIVE)


def _open_settings(record: PluginRecord) -> dict[str, JsonValue]:
    specs: Mapping[str, object] = record.manifest.settings if record.manifest else {}
    return {
        name: jsonable(value)
        for name, value in sorted(record.settings.items())
        if name in specs and not _is_secret(record, name)
    }


def _is_secret(record: PluginRecord, name: str) -> bool:
    assert record.manifest  # noqa: S101  the caller has looked
    return record.manifest.settings[name].type is SettingType.SECRET
