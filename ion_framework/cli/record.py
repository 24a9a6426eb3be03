"""``ion record``: turns written into a file, for ``ion replay``."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click

from ion_framework.cli.options import common, json_option, language_option, settings_of
from ion_framework.cli.texts import locale_language


@click.command(
    epilog="Texts are redacted unless --full says otherwise. The file is for its owner alone (mode "
    "0600). What a turn says to whoever reads it stands in the README."
)
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--messages",
    type=click.Path(allow_dash=True, dir_okay=False, path_type=Path),
    metavar="MESSAGES",
    help="Have these messages answered: one a line, .tsv with a column text, .jsonl of requests; "
    "- for standard input.",
)
@click.option("--url", metavar="URL", help="Record what a running host answers to its callers.")
@click.option("--conversations", is_flag=True, help="Take what the store of conversations keeps.")
@click.option(
    "--key-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="F",
    help="With --url: file with an API key of the scope admin.  [default: ION_API_KEY]",
)
@click.option("--turns", type=click.IntRange(min=1), metavar="N", help="Stop after so many turns.")
@click.option(
    "--seconds",
    type=click.FloatRange(min=1),
    metavar="S",
    help="With --url: stop after so many seconds.  [default: with Ctrl-C]",
)
@click.option("--user", "user_id", metavar="NAME", help="With --conversations: of this user only.")
@click.option("--full", is_flag=True, help="Keep texts, users and sessions as they are.")
@click.option("--no-prompts", is_flag=True, help="Keep digests of prompts, not their texts.")
@click.option("--overwrite", is_flag=True, help="Replace a file that is there.")
@language_option
@json_option
@common
@click.pass_context
def record(context: click.Context, /, **options: Any) -> None:
    """Write turns into FILE, one JSON object a line, so that ion replay can play them again.

    The turns are those of --messages, --url or --conversations.
    """
    _check(context, options)
    from ion_framework.cli.record_work import Recorded, record_turns  # imports the pipeline

    options["language"] = options["language"] or locale_language(os.environ)
    work = Recorded(**options, settings=settings_of(context))
    context.exit(record_turns(work))


def _check(context: click.Context, options: dict[str, Any]) -> None:
    sources = (options["messages"] is not None, options["url"] is not None)
    if sum((*sources, options["conversations"])) != 1:
        raise click.UsageError("give one of --messages, --url, --conversations", context)
    for name, belongs in (("key_file", "url"), ("seconds", "url"), ("user_id", "conversations")):
        if options[name] is not None and not options[belongs]:
            option = "--user" if name == "user_id" else f"--{name.replace('_', '-')}"
            raise click.UsageError(f"{option} belongs to --{belongs}", context)
