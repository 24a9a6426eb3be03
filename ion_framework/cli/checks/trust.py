"""Whether plugins are pinned, and what runs before anything can be verified."""

from __future__ import annotations

from collections.abc import Iterable

from ion_framework.cli.checks.finding import Finding, ok, warning
from ion_framework.plugin_host.discovery import issues_url_of
from ion_framework.plugin_host.record import PluginRecord, Status
from ion_framework.plugin_host.trust_files import start_files
from ion_framework.plugin_host.trust_freeze import CORE, distribution_of
from ion_framework.settings.model import PluginSettings, Trust


def check_trust(settings: PluginSettings, records: Iterable[PluginRecord]) -> list[Finding]:
    """How plugins are trusted, and a warning for each file of theirs that every Python runs.

    What is not as it was pinned is told with the plugin that it belongs to.

    Args:
        settings: whether plugins have to be pinned.
        records: the plugins.
    """
    known = tuple(records)
    untrusted = sum(record.status is Status.UNTRUSTED for record in known)
    told = "whatever is installed and enabled runs"
    if settings.trust is Trust.PINNED:
        told = f"only what is exactly as pinned in {settings.pins} runs; {untrusted} plugins do not"
    names = dict.fromkeys((CORE, *(record.distribution for record in known)))
    return [_trust(settings, told), *(finding for name in names for finding in _starters(name))]


def _trust(settings: PluginSettings, told: str) -> Finding:
    if settings.pins is None or settings.trust is Trust.PINNED:
        return ok("trust", told)
    return warning(
        "trust",
        f"plugins.pins names {settings.pins}, and has no effect: {told}",
        cause='plugins.trust is "any"',
        fix='set plugins.trust = "pinned" (ION_PLUGINS_TRUST), or remove plugins.pins',
    )


def _starters(name: str) -> list[Finding]:
    found = distribution_of(name)
    return [
        warning(
            f"files of {name}",
            f"{name} brings {file}, which Python runs at every start",
            cause="such files run before ION can verify anything, whether or not the plugin is "
            "enabled",
            fix="read the file, and uninstall the distribution if you do not know what it is for",
            report=issues_url_of(found) if found else "",
        )
        for file in (start_files(found) if found else ())
    ]
