"""``ion plugins``: what is installed, and its status. Imports none of it unless it is asked to."""

from __future__ import annotations

import os
from pathlib import Path

import click

from ion_framework.cli.host_options import host_options
from ion_framework.cli.lazy import add_lazily
from ion_framework.cli.options import common, json_option, language_option, settings_of
from ion_framework.cli.output import Output
from ion_framework.cli.plugin_list import document_of, hidden_commands, table_of
from ion_framework.cli.remarks import note_remarks, show_remarks
from ion_framework.cli.texts import locale_language
from ion_framework.clock import SystemClock
from ion_framework.domain.language import Language
from ion_framework.plugin_host.discovery import installed
from ion_framework.plugin_host.host import PluginHost


@click.group(invoke_without_command=True)
@click.option("--load", is_flag=True, help="Import and start them, as a host does, and stop them.")
@host_options(required=False)
@json_option
@common
@click.pass_context
def plugins(
    context: click.Context, load: bool, url: str | None, key_file: Path | None, as_json: bool
) -> None:
    """List the installed plugins with their status, and why they have it.

    Nothing of a plugin is imported without --load; --url shows those of a running host. With --load
    the exit code is 1 where a plugin that is meant to run cannot (failed, invalid, untrusted,
    incompatible, conflict), or where a host would not start at all.
    """
    if context.invoked_subcommand is not None:
        return
    if url is not None:
        from ion_framework.cli.plugins_change import show_running  # speaks HTTP

        show_running(url, key_file, as_json=as_json)
        return
    output = Output()
    if load:
        from ion_framework.cli.plugin_loading import show_loaded  # imports the whole pipeline

        context.exit(show_loaded(settings_of(context), output, as_json=as_json))
    host = PluginHost(settings_of(context), installed, os.environ, SystemClock())
    warnings = (*host.warnings(), *hidden_commands(host.records))
    stops = host.settings_problems()
    if as_json:
        output.json(document_of(host.records))
        note_remarks(stops, warnings)
    else:
        output.table(table_of(host.records, timed=False))
        show_remarks(output, stops, warnings)


@plugins.command()
@language_option
@json_option
@common
@click.pass_context
def plan(context: click.Context, language: Language | None, as_json: bool) -> None:
    """Show what would run, in which order and why, and what would stop the start.

    Nothing is imported: which hooks an extension has is known only after --load. The exit code is
    1 where something would stop the start.
    """
    from ion_framework.cli.plugin_plan import make_plan  # imports the hook specs
    from ion_framework.cli.plugin_plan_view import show_plan

    settings, output = settings_of(context), Output()
    host = PluginHost(settings, installed, os.environ, SystemClock())
    made = make_plan(host, settings)
    above = context.parent.params if context.parent else {}
    if as_json or above.get("as_json"):
        output.json(made)
    else:
        show_plan(made, output, language or locale_language(os.environ))
    context.exit(1 if made.stops else 0)


add_lazily(
    plugins,
    {
        "why": ("plugins_why", "Say why a plugin has its status, and what to do."),
        "check": ("plugins_check", "Grade plugins: bronze, silver or gold, and what is missing."),
        "freeze": ("plugins_freeze", "Write down exactly which plugins are installed."),
        "verify": ("plugins_verify", "Compare the installed plugins with a list of freeze."),
        "schema": ("plugins_schema", "Print the JSON Schema of manifests, for editors."),
        "enable": ("plugins_enable", "Let a plugin of a running host take part again."),
        "disable": ("plugins_disable", "Take a plugin of a running host out."),
        "reload": ("plugins_reload", "Have a running host read a persona's manifest again."),
    },
)
