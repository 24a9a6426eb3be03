"""``ion personas``: who can answer, and for what each is best."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence

import attrs
import click

from ion_framework.cli.options import common, json_option, language_option, settings_of
from ion_framework.cli.output import Output, note
from ion_framework.cli.plugin_list import BROKEN
from ion_framework.cli.tables import Table
from ion_framework.cli.texts import locale_language
from ion_framework.clock import SystemClock
from ion_framework.domain.capabilities import capabilities
from ion_framework.domain.language import Language
from ion_framework.domain.persona import Persona, pick
from ion_framework.manifest.model import Kind
from ion_framework.plugin_host.discovery import installed
from ion_framework.plugin_host.host import PluginHost
from ion_framework.plugin_host.record import PluginRecord, Status
from ion_framework.settings.model import Settings

_WANTED_BUT_OUT = BROKEN | {Status.IDLE}


@attrs.frozen
class Listed:
    """A persona and the plugin that brings it."""

    persona: Persona
    record: PluginRecord


@click.command()
@click.option("--load", is_flag=True, help="Import the plugins: shows personas that code brings.")
@language_option
@json_option
@common
@click.pass_context
def personas(context: click.Context, load: bool, language: Language | None, as_json: bool) -> None:
    """List the personas, in the order that decides ties.

    Read from manifests, so nothing of a plugin is imported; an extension may bring more, which
    --load shows. JSON has English texts unless --lang says otherwise.
    """
    settings, output = settings_of(context), Output()
    if load:
        from ion_framework.cli.persona_loading import loaded_personas  # imports the pipeline

        found = loaded_personas(settings, output)
    else:
        found = _from_manifests(settings)
    if as_json:
        output.json([document_of(item, language or Language.ENGLISH) for item in found])
    elif found:
        output.table(_table(found, language or locale_language(os.environ)))
    else:
        output.line("no persona is installed: install one, for example ion-persona-lua")


def _from_manifests(settings: Settings) -> list[Listed]:
    records = PluginHost(settings, installed, os.environ, SystemClock()).records
    ready = [record for record in records if record.status is Status.READY]
    for record in records:
        if Kind.PERSONA in record.provides and record.status in _WANTED_BUT_OUT:
            note(f"left out: {record.name} is {record.status.value}: {record.reason}")
    extensions = [record.name for record in ready if Kind.EXTENSION in record.provides]
    if extensions:
        note(f"{', '.join(extensions)} may bring more personas: ion personas --load")
    return in_order(
        Listed(record.manifest.persona, record)
        for record in ready
        if record.manifest and record.manifest.persona
    )


def document_of(item: Listed, language: Language) -> dict[str, object]:
    """The object that ``ion personas --json`` writes for a persona."""
    persona = item.persona
    offered = capabilities(persona, language)
    return {
        "name": persona.name,
        "display_name": persona.shown_name(language),
        "description": pick(persona.description, language),
        "traits": offered.traits,
        "strengths": offered.strengths,
        "best_for_tones": offered.best_for_tones,
        "best_for_paces": offered.best_for_paces,
        "best_for_intents": offered.best_for_intents,
        "preferred_tones": persona.preferred_tones,
        "languages": persona.languages,
        "rank": persona.rank,
        "version": persona.version,
        "plugin": item.record.name,
        "distribution": item.record.distribution,
    }


def in_order(found: Iterable[Listed]) -> list[Listed]:
    """Personas by rank, then by name."""
    return sorted(found, key=lambda item: (item.persona.rank, item.persona.name))


def _table(found: Sequence[Listed], language: Language) -> Table:
    columns = ("persona", "rank", "best for tones", "paces", "intents", "traits")
    return Table(columns, tuple(_row(item.persona, language) for item in found))


def _row(persona: Persona, language: Language) -> tuple[str, ...]:
    offered = capabilities(persona, language)
    shown = persona.shown_name(language)
    return (
        persona.name if shown.casefold() == persona.name else f"{persona.name} ({shown})",
        str(persona.rank),
        ", ".join(offered.best_for_tones),
        ", ".join(offered.best_for_paces),
        ", ".join(offered.best_for_intents),
        ", ".join(offered.traits),
    )
