"""``ion replay``: what would change in recorded turns under other plugins."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click

from ion_framework.cli.options import common, json_option, language_option, settings_of
from ion_framework.cli.texts import locale_language

_ASPECTS = ("routing", "prompt", "reply", "latency")


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--with",
    "added",
    multiple=True,
    metavar="PATH|NAME",
    help="Run this as well: the folder of a plugin's source, in the place of an installed plugin "
    "of its name, or an installed plugin. Repeatable.",
)
@click.option(
    "--without", "removed", multiple=True, metavar="NAME", help="Do not run this. Repeatable."
)
@click.option("--router", metavar="NAME", help="Let this router decide first.")
@click.option(
    "--settings",
    "settings_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Settings file to play the turns under.",
)
@click.option("--generate", is_flag=True, help="Have the turns answered, whatever that costs.")
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="Play the first N turns.")
@click.option(
    "--show", type=click.IntRange(min=1), metavar="N", help="Show all that changes in turn N."
)
@click.option(
    "--markdown",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write the report as Markdown.",
)
@click.option(
    "--fail-on",
    multiple=True,
    type=click.Choice(_ASPECTS),
    default=("routing",),
    show_default=True,
    help="Exit with 1 where this changes. Repeatable.",
)
@click.option(
    "--slower",
    type=click.FloatRange(min=1),
    default=2.0,
    show_default=True,
    metavar="FACTOR",
    help="For --fail-on latency: times by which the 95th percentile may grow.",
)
@click.option("--result", type=click.Path(path_type=Path), hidden=True)
@language_option
@json_option
@common
@click.pass_context
def replay(context: click.Context, /, **options: Any) -> None:
    """Play the turns of FILE again under the installed plugins, with or without some of them.

    Shows which turns another persona would answer and why, whose prompts change, and how long it
    takes. Turns are prepared and not answered, unless every generator is free and always says the
    same, or --generate is given. Nothing is stored, and no monitor is told.

    The turns are played in a process of its own, which a plugin may end or crash.

    Exit codes: 0 nothing of --fail-on changes, 1 something does, 2 the file or the command line is
    wrong, there is no result, or nothing could be compared.
    """
    language = options["language"] or locale_language(os.environ)
    result = options.pop("result")
    if result is None:
        from ion_framework.cli.replay_process import played_elsewhere  # starts processes

        context.exit(played_elsewhere(context, language))
    from ion_framework.cli.replay_process import told_at_end  # see above

    context.exit(told_at_end(result, lambda: _played(context, {**options, "language": language})))


def _played(context: click.Context, options: dict[str, Any]) -> int:
    from ion_framework.cli.replay_work import Replayed, replay_turns  # imports the pipeline
    from ion_framework.settings.loading import load_settings  # see above

    file = options.pop("settings_file")
    settings = settings_of(context)
    if file is not None:
        settings = load_settings(os.environ, _from(context, file))
    return replay_turns(Replayed(**options, settings=settings))


def _from(context: click.Context, file: Path) -> Any:
    import attrs  # only where another file is named

    from ion_framework.cli.options import command_line

    return attrs.evolve(command_line(context), config=file)
