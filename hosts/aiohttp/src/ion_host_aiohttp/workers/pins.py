"""The set of plugins of a host, which no worker that is started later departs from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import attrs

from ion_framework.plugin_host.discovery import Candidate, Source, installed
from ion_host_aiohttp.workers.messages import PluginPin


def pins(source: Source = installed) -> tuple[PluginPin, ...]:
    """Every installed plugin as it is now."""
    return tuple(
        PluginPin(name=each.name, distribution=each.distribution, version=each.version)
        for each in source()
    )


def pinned(wanted: Iterable[PluginPin], source: Source = installed) -> Source:
    """The same plugins, whatever was installed, upgraded or removed since.

    What has another version now, or is gone, is there with its problem, so that health and log name
    it; what is new is not there. A restart of the host, or a SIGHUP, takes up what is installed.

    Args:
        wanted: the plugins.
        source: where plugins come from.
    """
    versions = {(pin.name, pin.distribution): pin.version for pin in wanted}

    def found() -> Iterator[Candidate]:
        left = dict(versions)
        for candidate in source():
            version = left.pop((candidate.name, candidate.distribution), None)
            if version is not None:
                yield _as_wanted(candidate, version)
        for (name, distribution), version in left.items():
            yield Candidate(name, "", distribution, version, None, f"it was removed since; {_CURE}")

    return lambda: tuple(sorted(found(), key=lambda each: (each.name, each.distribution)))


def _as_wanted(candidate: Candidate, version: str) -> Candidate:
    if candidate.version == version:
        return candidate
    problem = f"the host runs version {version}, {candidate.version} is installed since; {_CURE}"
    return attrs.evolve(candidate, problem=problem, folder=None)


_CURE = "restart the host, or send SIGHUP to it"
