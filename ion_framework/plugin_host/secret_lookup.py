"""Secrets that neither the settings nor the environment hold, asked of plugins that keep them.

Sources of secrets are brought to life before every other plugin, and are asked for each secret
setting that is still unset, under the name of its first variable. So a key may lie in a vault, and
the plugin that needs it reads it from its settings as ever.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence

import attrs

from ion_framework.manifest.model import Manifest, SettingType
from ion_framework.pipeline.provisions import Provisions, SecretSource
from ion_framework.plugin_host.assessment import missing_setting
from ion_framework.plugin_host.record import PluginRecord, Status

WAITING = (Status.READY, Status.IDLE)
"""Statuses of plugins whose settings may still be completed."""


@attrs.frozen
class Found:
    """What the sources told.

    Attributes:
        values: secrets by name.
        unanswered: names for which there was no time.
    """

    values: Mapping[str, str] = attrs.field(repr=False)
    unanswered: tuple[str, ...] = ()


def wanted(records: Iterable[PluginRecord]) -> tuple[str, ...]:
    """The names of all secrets that plugins could use and nobody has set."""
    names = (name for record in records for name in _unset(record).values())
    return tuple(dict.fromkeys(names))


def look_up(names: Sequence[str], sources: Sequence[SecretSource], budget_s: float) -> Found:
    """Ask the sources, in a thread of their own: they may wait for a network.

    Args:
        names: names of secrets.
        sources: the sources, in the order in which they are asked.
        budget_s: seconds for all of it. What is told by then counts.
    """
    provisions = Provisions(secrets=tuple(sources))
    asked: dict[str, str | None] = {}

    def ask() -> None:
        for name in names:
            asked[name] = provisions.secret(name)

    thread = threading.Thread(target=ask, name="ion-secrets", daemon=True)
    thread.start()
    thread.join(budget_s)
    told = dict(asked)
    return Found(
        {name: value for name, value in told.items() if value},
        tuple(name for name in names if name not in told),
    )


def completed(record: PluginRecord, found: Found, budget_s: float) -> PluginRecord:
    """A plugin's record with the secrets that were found among its settings.

    Args:
        record: the record.
        found: what the sources told.
        budget_s: seconds that they had, for the reason of a plugin that still lacks one.
    """
    unset = _unset(record)
    if not unset or record.manifest is None:
        return record
    values = dict(record.settings)
    values.update({key: found.values[name] for key, name in unset.items() if name in found.values})
    record = attrs.evolve(record, settings=values)
    missing = missing_setting(record.manifest, values) if record.manifest else ""
    if record.status is Status.IDLE and not missing:
        return record.become(Status.READY, "can be activated")
    late = [name for name in unset.values() if name in found.unanswered]
    if missing and late:
        told = f"; the sources of secrets did not tell {', '.join(late)} within {budget_s:g} s"
        return record.become(record.status, missing + told)
    return record


def _unset(record: PluginRecord) -> Mapping[str, str]:
    """The secret settings of a plugin that nothing sets, with the name that each is asked by."""
    manifest: Manifest | None = record.manifest
    if manifest is None or record.status not in WAITING:
        return {}
    return {
        key: spec.env[0]
        for key, spec in manifest.settings.items()
        if spec.type is SettingType.SECRET and spec.env and not record.settings.get(key)
    }
