"""What people call a plugin: its own name, its distribution's, or the shown name of its persona."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator

from ion_framework.plugin_host.discovery import canonical
from ion_framework.plugin_host.record import PluginRecord


def called(name: str, records: Iterable[PluginRecord]) -> tuple[PluginRecord, ...]:
    """The plugins that somebody may mean by a name.

    A plugin's own name, written exactly as it is, means that plugin alone. Otherwise case and the
    space around the name do not matter, and the names of distributions and the shown names of
    personas, in any language, count as well.

    Args:
        name: what somebody wrote.
        records: the installed plugins.

    Returns:
        their records: none, one, or several where the name is ambiguous, where a distribution
        brings several plugins, or where two distributions bring plugins of one name.
    """
    known = tuple(records)
    exact = tuple(record for record in known if record.name == name)
    if exact:
        return exact
    wanted = {_plain(name), canonical(name.strip())}
    return tuple(record for record in known if not wanted.isdisjoint(_names_of(record)))


def told_apart(records: Iterable[PluginRecord]) -> str:
    """Plugins by names that are not ambiguous, for an error: ``lua (ion-persona-lua), …``."""
    return ", ".join(f"{each.name} ({each.distribution})" for each in records)


def _names_of(record: PluginRecord) -> Iterator[str]:
    yield _plain(record.name)
    yield canonical(record.distribution)
    persona = record.manifest.persona if record.manifest else None
    if persona is not None:
        yield from map(_plain, persona.display_name.values())


def _plain(name: str) -> str:
    """A name as it is compared: files of some systems hold Korean in another normal form."""
    return unicodedata.normalize("NFC", name).strip().casefold()
