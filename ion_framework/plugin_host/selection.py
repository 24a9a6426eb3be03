"""Whether the operator wants a plugin to run."""

from __future__ import annotations

from ion_framework.plugin_host.discovery import Candidate, canonical
from ion_framework.settings.model import PluginSettings, SelectionLayer


def why_disabled(candidate: Candidate, settings: PluginSettings) -> str:
    """Why a plugin is not to run, empty where it is.

    The highest source (settings, environment, command line) that names the plugin or its
    distribution decides; within one source *disable* goes before *enable*. A plugin that nobody
    names runs, unless some source has a list of plugins to enable.
    """
    if settings.safe_mode and not candidate.first_party:
        return "safe mode runs first-party plugins only"
    for layer in reversed(settings.layers):
        if is_named(layer.disable, candidate):
            return f"disabled by {layer.source}"
        if is_named(layer.enable, candidate):
            return ""
    lists = [layer.source for layer in settings.layers if layer.enable]
    return f"not on the list of enabled plugins in {lists[-1]}" if lists else ""


def unmatched(candidates: tuple[Candidate, ...], settings: PluginSettings) -> tuple[str, ...]:
    """A warning for every name in a list that no installed plugin or distribution has."""
    required = SelectionLayer("plugins.required", settings.required)
    return tuple(
        f"{layer.source} names {name!r}, which is not installed"
        for layer in (*settings.layers, required)
        for name in (*layer.enable, *layer.disable)
        if not any(is_named((name,), candidate) for candidate in candidates)
    )


def is_named(names: tuple[str, ...], candidate: Candidate) -> bool:
    """Whether a list names the plugin or its distribution."""
    return candidate.name in names or canonical(candidate.distribution) in map(canonical, names)
