"""``ion chat``: one message, or a conversation."""

from __future__ import annotations

import os
import sys

import click

from ion_framework.cli.answering import Manner, answer
from ion_framework.cli.chat_session import piped, talk
from ion_framework.cli.opening import opened
from ion_framework.cli.options import common, json_option, language_option, settings_of
from ion_framework.cli.output import Output
from ion_framework.cli.texts import locale_language, message_of
from ion_framework.domain.language import Language
from ion_framework.pipeline.turn import TurnRequest
from ion_framework.running import run
from ion_framework.settings.model import Settings


@click.command()
@click.argument("message", nargs=-1)
@click.option(
    "--persona", metavar="NAME", help="Have this persona answer.  [default: the one that fits]"
)
@click.option(
    "--why", is_flag=True, help="Show the full reason: scores, evidence, plugins, stages."
)
@language_option
@json_option
@common
@click.pass_context
def chat(  # noqa: PLR0913, PLR0917  one parameter per option is click's way
    context: click.Context,
    message: tuple[str, ...],
    persona: str | None,
    why: bool,
    language: Language | None,
    as_json: bool,
) -> None:
    """Have MESSAGE answered by the persona that fits it; without one, have a conversation.

    In a conversation, /help shows the commands. Where standard input is no terminal, every line
    of it is a message of one conversation.
    """
    settings, output = settings_of(context), Output()
    manner = Manner(as_json, why, language or locale_language(os.environ))
    with output.reserved():
        if message:
            run(_once(settings, message_of(message), persona, manner, output))
        elif sys.stdin.isatty():
            talk(settings, persona, manner, output)
        else:
            conversation = piped(settings, sys.stdin.buffer, persona, manner, output)
            failures = run(conversation, reads_input=True)
            context.exit(1 if failures else 0)


async def _once(
    settings: Settings, text: str, persona: str | None, manner: Manner, output: Output
) -> None:
    if not text.strip():
        raise click.UsageError("the message is empty")
    async with opened(settings) as ion:
        name = ion.persona(persona).name if persona else None
        await answer(ion, TurnRequest(text=text, persona=name), manner, output)
