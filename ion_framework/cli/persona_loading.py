"""``ion personas --load``: the personas that are active once the plugins are imported."""

from __future__ import annotations

from ion_framework.cli.opening import logging_to_stderr
from ion_framework.cli.output import Output
from ion_framework.cli.personas import Listed, in_order
from ion_framework.ion import Ion
from ion_framework.settings.model import Settings

PROVIDE = "ion_provide_personas"


def loaded_personas(settings: Settings, output: Output) -> list[Listed]:
    """Import the plugins and take the personas of those that are active.

    Raises:
        PluginError: the plugins cannot start as configured.
        SettingsError: a plugin's settings are wrong.
    """
    with output.reserved(), logging_to_stderr(settings):
        ion = Ion(settings)
        ion.activate()
    active = {persona.name for persona in ion.personas}
    return in_order(
        Listed(persona, record)
        for record, brought in ion.host.provided(PROVIDE)
        for persona in brought
        if persona.name in active
    )
