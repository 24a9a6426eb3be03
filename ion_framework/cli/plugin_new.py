"""``ion plugin new``: writes the package of a plugin of any kind but a persona."""

from __future__ import annotations

import click

from ion_framework.cli.scaffolding import Wishes, begin, package_options, usable, write_package
from ion_framework.cli.scaffolding_texts import PLUGIN_STEPS
from ion_framework.manifest.model import Kind
from ion_framework.scaffolding.answers import MAX_SENTENCE, checked_line
from ion_framework.scaffolding.names import Names
from ion_framework.scaffolding.plugins import kinds, plugin_files


@click.command()
@click.argument("name")
@click.option(
    "--provides",
    type=click.Choice([kind.value for kind in kinds()]),
    required=True,
    help="What it provides.  (A persona: see ion persona new.)",
)
@click.option("--summary", metavar="TEXT", help="One sentence that says what it does.")
@package_options
@click.pass_context
def new(
    context: click.Context, name: str, *, provides: str, summary: str | None, wishes: Wishes
) -> None:
    """Write the package of a new plugin called NAME (small letters, digits, dashes).

    It does something small and real from the start, with settings, tests and a CI workflow. One
    question is asked unless --summary or --yes is given. The package goes into a new folder, and
    nothing is overwritten.
    """
    names, kind = Names.of_plugin(name), Kind(provides)
    draft = begin(context, names, wishes)
    with usable(context, wishes.language):
        draft.questions.expect({"--summary": summary})
        line = draft.questions.ask("summary", summary, kinds()[kind].summary, _line)
        files = plugin_files(names, kind, line, draft.publication)
    write_package(draft, files, PLUGIN_STEPS, as_json=wishes.as_json)


def _line(text: str) -> str:
    return checked_line("summary", text, MAX_SENTENCE)
