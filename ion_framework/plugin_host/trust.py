"""Whose code may run: everybody's that is installed, or only what is exactly as it was pinned.

With ``plugins.trust = "pinned"`` a plugin is verified before it is imported: its distribution has
to be in ``plugins.pins`` in this version, its RECORD and its manifest have to be the pinned ones,
every file has to be as RECORD says, and nothing may lie in its packages that RECORD does not list.

Not covered: distributions that bring no plugin (pip's ``--require-hashes`` is for these), the core
itself, which does the verifying (``ion plugins verify`` compares it), and what Python runs before
ION does, as lines of ``.pth`` files are (named by ``ion plugins freeze`` and ``ion doctor``).
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from ion_framework.errors import SettingsError
from ion_framework.plugin_host.discovery import Candidate
from ion_framework.settings.model import PluginSettings, Trust

Distrust: TypeAlias = Callable[[Candidate], str]
"""Why a plugin may not be imported, one sentence, empty where it may."""


def distrust_of(settings: PluginSettings) -> Distrust:
    """The judge of trust.

    A plugin that it lets pass is imported from its verified sources from then on. One that lives in
    this process only comes from whoever runs it, and passes.

    Args:
        settings: whether plugins have to be pinned, and where the pins are.

    Raises:
        SettingsError: there are no pins, or they cannot be read.
    """
    if settings.trust is Trust.ANY:
        return lambda _: ""
    if settings.pins is None:
        raise SettingsError(
            'plugins.trust is "pinned" and plugins.pins names no file; write one with '
            "ion plugins freeze --out FILE, and name it there or in ION_PLUGINS_PINS"
        )
    return _pinned(settings.pins)


def _pinned(file: Path) -> Distrust:
    # Who trusts everybody pays for none of it.
    from ion_framework.plugin_host.trust_compare import differences, pin_of
    from ion_framework.plugin_host.trust_freeze import take
    from ion_framework.plugin_host.trust_imports import guard_imports
    from ion_framework.plugin_host.trust_pins import read_pins

    pins = read_pins(file)

    def distrust(candidate: Candidate) -> str:
        if candidate.manifest is not None:
            return ""
        who = f"{candidate.distribution} {candidate.version}"
        pin = pin_of(pins, candidate)
        if pin is None:
            return f"{who} is not pinned in {file}; if you trust it, {_AGAIN.format(file=file)}"
        item = take(candidate)
        found = [row.message for row in differences(pin, item)]
        if found:
            more = f" (and {len(found) - SHOWN} more)" if len(found) > SHOWN else ""
            return (
                f"{who} is not as it was pinned in {file}: {'; '.join(found[:SHOWN])}{more}; "
                f"install the pinned one again, or, if you trust this one, "
                f"{_AGAIN.format(file=file)}"
            )
        guard_imports(item.inventory)
        return ""

    return distrust


SHOWN = 3
"""Differences that a reason names."""

_AGAIN = "pin anew: ion plugins freeze --out {file}"
