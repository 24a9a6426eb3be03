"""Conversations of ``ion chat``: at a prompt, and line by line from a pipe."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import BinaryIO

import attrs

from ion_framework.cli.answering import Manner, answer
from ion_framework.cli.chat_texts import TEXTS, ChatTexts
from ion_framework.cli.conversation import Conversation
from ion_framework.cli.failures import sentence
from ion_framework.cli.lines import raw_lines
from ion_framework.cli.opening import opened
from ion_framework.cli.output import Output, note
from ion_framework.cli.why import show_why
from ion_framework.errors import TurnError, UnknownPersonaError
from ion_framework.ion import Ion
from ion_framework.running import BackgroundLoop
from ion_framework.settings.model import Settings


async def piped(
    settings: Settings, lines: BinaryIO, persona: str | None, manner: Manner, output: Output
) -> int:
    """Answer every line of a pipe within one conversation; returns how many had no answer.

    Blank lines are passed over. A line that is not answered is told of on standard error, and
    the conversation goes on.
    """
    failures = 0
    async with opened(settings) as ion:
        conversation = _begin(ion, persona)
        for number, raw in enumerate(raw_lines(lines), 1):
            try:
                text = raw.decode("utf-8").strip()
                if text:
                    reply = await answer(ion, conversation.request(text), manner, output)
                    conversation.add(text, reply)
            except UnicodeDecodeError as error:
                failures += 1
                note(f"line {number}: not valid UTF-8 at byte {error.start}")
            except TurnError as error:
                failures += 1
                note(f"line {number}: {sentence(error)}")
    return failures


def talk(settings: Settings, persona: str | None, manner: Manner, output: Output) -> None:
    """Hold a conversation at a prompt until Ctrl-D or ``/quit``.

    Raises:
        UnknownPersonaError: the persona asked for is not active.
    """
    with BackgroundLoop() as loop:
        stack = AsyncExitStack()
        ion = loop.run(stack.enter_async_context(opened(settings)))
        try:
            session = _Session(ion, _begin(ion, persona), manner, output, loop)
            session.run()
        finally:
            loop.run(stack.aclose())


def _begin(ion: Ion, persona: str | None) -> Conversation:
    recent = ion.settings.prompt.standard.messages
    return Conversation(recent, ion.persona(persona).name if persona else None)


@attrs.frozen
class _Command:
    """What was typed after a slash."""

    name: str
    argument: str


class _Session:
    """A person at a prompt."""

    def __init__(
        self,
        ion: Ion,
        conversation: Conversation,
        manner: Manner,
        output: Output,
        loop: BackgroundLoop,
    ) -> None:
        self._ion = ion
        self._conversation = conversation
        self._manner = manner
        self._output = output
        self._loop = loop
        self._texts: ChatTexts = TEXTS[manner.language]
        self._commands: dict[str, Callable[[str], None]] = {
            "persona": self._choose,
            "why": self._explain,
            "help": lambda _: output.line(self._texts.help),
        }

    def run(self) -> None:
        _enable_line_editing()
        self._say(self._texts.welcome.format(names=self._names()))
        while True:
            try:
                line = self._ask()
            except EOFError:
                break
            except KeyboardInterrupt:  # as in a shell: Ctrl-C at the prompt begins a new line
                self._output.line()
                continue
            command = _command(line)
            if command is not None and command.name in ("quit", "exit"):
                break
            self._heed(line, command)
        self._output.line()
        self._say(self._texts.goodbye)

    def _ask(self) -> str:
        with self._output.given_back():
            return input(self._texts.you).strip()

    def _heed(self, line: str, command: _Command | None) -> None:
        if command is None:
            if line:
                self._answer(line)
        elif command.name in self._commands:
            self._commands[command.name](command.argument)
        else:
            self._say(self._texts.unknown_command.format(name=f"/{command.name}"))

    def _answer(self, text: str) -> None:
        request = self._conversation.request(text)
        try:
            reply = self._loop.run(answer(self._ion, request, self._manner, self._output))
        except KeyboardInterrupt:
            self._say(self._texts.stopped)
        except TurnError as error:
            self._say(self._texts.no_answer.format(reason=sentence(error)))
        else:
            self._conversation.add(text, reply)

    def _choose(self, name: str) -> None:
        if name in ("", "auto"):
            self._conversation.persona = None
            self._say(self._texts.persona_auto)
            return
        try:
            persona = self._ion.persona(name)
        except UnknownPersonaError:
            self._say(self._texts.unknown_persona.format(name=name, names=self._names()))
            return
        self._conversation.persona = persona.name
        shown = persona.shown_name(self._manner.language)
        self._say(self._texts.persona_now.format(name=shown))

    def _explain(self, _: str) -> None:
        if self._conversation.last is None:
            self._say(self._texts.nothing_yet)
        else:
            show_why(self._conversation.last, self._output)

    def _names(self) -> str:
        language = self._manner.language
        return ", ".join(persona.shown_name(language) for persona in self._ion.personas)

    def _say(self, text: str) -> None:
        self._output.line(text, "quiet")


def _command(line: str) -> _Command | None:
    """The command that a line is: a slash and one word; ``/etc/hosts is gone`` is a message."""
    word, _, argument = line.partition(" ")
    if len(word) > 1 and word[0] == "/" and word[1:].isalpha():
        return _Command(word[1:].lower(), argument.strip())
    return None


def _enable_line_editing() -> None:
    try:
        import readline  # noqa: F401  importing it gives input() editing and history
    except ImportError:
        return  # some builds of Python lack it; typing works all the same
