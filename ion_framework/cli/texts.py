"""Texts from outside: arguments, lines of input, and the language of whoever reads."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

import click

from ion_framework.domain.language import Language


def message_of(words: Sequence[str]) -> str:
    """The message that the words of a command line make.

    Raises:
        click.UsageError: they are not UTF-8.
    """
    text = " ".join(words)
    try:
        # In a locale without UTF-8 the interpreter smuggles bytes in as surrogates.
        return os.fsencode(text).decode("utf-8")
    except UnicodeError:
        return _as_it_came(text)


def _as_it_came(text: str) -> str:
    """A text whose characters the locale cannot encode (arguments given by a program)."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise click.UsageError("the message is not valid UTF-8") from error
    return text


def counted(number: int, name: str) -> str:
    """An English number with its noun: ``1 warning``, ``2 warnings``."""
    return f"{number} {name}" if number == 1 else f"{number} {name}s"


def locale_language(environ: Mapping[str, str]) -> Language:
    """The language of the locale: Korean where its name says so, else English.

    Args:
        environ: the environment; LC_ALL goes before LC_MESSAGES, and that before LANG.
    """
    names = (environ.get(name, "") for name in ("LC_ALL", "LC_MESSAGES", "LANG"))
    chosen = next((name for name in names if name), "")
    return Language.KOREAN if chosen.lower().startswith("ko") else Language.ENGLISH
