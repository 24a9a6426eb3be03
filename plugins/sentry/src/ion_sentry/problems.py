"""What is wrong with the installation, as Sentry's error events: grouped by cause and plugin."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ion_framework.pipeline.events import PluginStatusChanged, TurnFailed
from ion_sentry.identity import Place
from ion_sentry.scrubbing import fit_to_send
from ion_sentry.transactions import Document

TURN_CODES = frozenset({"internal_error", "no_answer"})
"""Ends of turns that are the installation's fault; refusals and callers who left are not."""

PLUGIN_STATUSES = frozenset({"failed", "quarantined", "invalid"})

# How the core begins what generators said; what follows may quote anybody.
_FIRST_PLUGIN = re.compile(r"([a-z0-9][a-z0-9-]{0,63}): ")
_EXCEPTION = re.compile(r"[A-Z][A-Za-z0-9]{0,63}")


def turn_problem(event: TurnFailed, place: Place, *, detailed: bool) -> Document:
    """The event of a turn that nobody could answer.

    Args:
        event: the turn.
        place: where it stands in its trace.
        detailed: whether what plugins said goes with it.
    """
    plugin = _first_plugin(event.detail)
    # Of a fault of its own the core tells the class of the exception, and no more.
    kind = event.message if _EXCEPTION.fullmatch(event.message) else ""
    said = event.detail or event.message
    return _problem(
        "ion.turn",
        event.code,
        (plugin and f"from plugin {plugin}") or kind or "nobody answered",
        level="error",
        fingerprint=("ion.turn_failed", event.code, plugin or kind),
        tags={"code": event.code, "plugin": plugin, "exception": kind},
        detail=fit_to_send(said) if detailed else "",
        at=event.at,
    ) | {"contexts": {"trace": _trace(place)}}


def plugin_problem(event: PluginStatusChanged, *, detailed: bool) -> Document:
    """The event of a plugin that fails.

    Args:
        event: what changed.
        detailed: whether the reason goes with it.
    """
    return _problem(
        "ion.plugins",
        f"plugin {event.after}",
        f"{event.plugin}: {event.before} to {event.after}",
        level="error" if event.after == "failed" else "warning",
        fingerprint=("ion.plugin_status", event.after, event.plugin),
        tags={"plugin": event.plugin, "status": event.after},
        detail=fit_to_send(event.reason) if detailed else "",
        at=event.at,
    )


def _problem(  # noqa: PLR0913  one keyword per fact of an event
    logger: str,
    kind: str,
    value: str,
    *,
    level: str,
    fingerprint: tuple[str, ...],
    tags: Mapping[str, str],
    detail: str,
    at: float,
) -> Document:
    told = f"{value} ({detail})" if detail else value
    return {
        "level": level,
        "logger": logger,
        "timestamp": at,
        "platform": "python",
        "exception": {
            "values": [{"type": kind, "value": told, "mechanism": {"type": "ion", "handled": True}}]
        },
        "fingerprint": [part for part in fingerprint if part],
        "tags": {name: text for name, text in tags.items() if text},
    }


def _first_plugin(detail: str) -> str:
    match = _FIRST_PLUGIN.match(detail)
    return match[1] if match else ""


def _trace(place: Place) -> Document:
    trace = {"trace_id": place.trace_id, "span_id": place.span_id, "op": "ion.turn"}
    return trace | ({"parent_span_id": place.parent_id} if place.parent_id else {})
