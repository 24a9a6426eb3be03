"""Plugins that hold the event loop while the doctor has messages answered."""

from __future__ import annotations

from ion_framework.cli.checks.finding import Finding, warning
from ion_framework.ion import Ion

REPEATED = 2
"""Holds of the loop that are told of: a single one may be what a plugin loads at its first use."""

LEFT_OUT = "while it does, nobody else is answered; a host leaves out who keeps doing so"
GUARD = "while it does, nobody else is answered; a guard is never left out, so that it goes on"

SETTLED_S = 0.1
"""Seconds in which the watch tells of the last hold."""


def check_holds(ion: Ion) -> list[Finding]:
    """A finding for each plugin that held the event loop repeatedly since it was watched.

    It says what a host does about it: a guard is never left out.

    Args:
        ion: whose plugins they are.
    """
    bounds = ion.containments()
    return [
        warning(
            f"plugin {record.name}",
            f"held the event loop {known.held} times, {known.held_s:.1f} s together "
            f"({record.distribution} {record.version})",
            cause=GUARD if known.quarantine is None else LEFT_OUT,
            fix="await what takes long, or make the hook a plain function and set blocking = true "
            "in the manifest",
            report=record.candidate.issues_url,
        )
        for record in ion.plugins
        if (known := bounds.get(record.name)) is not None and known.held >= REPEATED
    ]
