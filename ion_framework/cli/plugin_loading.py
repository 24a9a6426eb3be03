"""``ion plugins --load``: every plugin imported and started, and what came of it."""

from __future__ import annotations

from ion_framework.cli.failures import sentence
from ion_framework.cli.opening import logging_to_stderr
from ion_framework.cli.output import Output
from ion_framework.cli.plugin_list import BROKEN, document_of, hidden_commands, table_of
from ion_framework.cli.remarks import note_remarks, show_remarks
from ion_framework.errors import IonError
from ion_framework.ion import Ion
from ion_framework.running import run
from ion_framework.settings.model import Settings


def show_loaded(settings: Settings, output: Output, *, as_json: bool) -> int:
    """Activate and start the plugins, stop them, and show their status.

    Returns:
        the exit code: 1 where a plugin that is meant to run cannot, or the start would stop.
    """
    with output.reserved(), logging_to_stderr(settings):
        ion = Ion(settings)
        stop = run(live_through(ion))
    warnings = (*ion.warnings(), *hidden_commands(ion.plugins))
    stops = (stop,) if stop else ()
    if as_json:
        output.json(document_of(ion.plugins))
        note_remarks(stops, warnings)
    else:
        output.table(table_of(ion.plugins, timed=True))
        show_remarks(output, stops, warnings)
    return 1 if stop or any(record.status in BROKEN for record in ion.plugins) else 0


async def live_through(ion: Ion) -> str:
    """Activate, start and close; returns what stopped the start, empty where nothing did."""
    try:
        ion.activate()
    except IonError as error:
        return sentence(error)
    try:
        await ion.start()
    except IonError as error:
        return sentence(error)
    finally:
        await ion.close()
    return ""
