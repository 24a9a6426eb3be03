"""What ``ion persona new`` and ``ion plugin new`` share: questions, options, and writing."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

import attrs
import click

from ion_framework.cli.failures import told
from ion_framework.cli.options import json_option, language_option
from ion_framework.cli.output import Output
from ion_framework.cli.scaffolding_texts import texts_for
from ion_framework.cli.texts import locale_language
from ion_framework.clock import SystemClock
from ion_framework.domain.language import Language
from ion_framework.plugin_host.discovery import installed
from ion_framework.scaffolding.errors import AnswerError
from ion_framework.scaffolding.names import Names, check_name
from ion_framework.scaffolding.publication import LICENCES, Publication
from ion_framework.scaffolding.writing import check_vacant, write

_Value = TypeVar("_Value")


@attrs.frozen(kw_only=True)
class Wishes:
    """What was said about a package of any kind.

    Attributes:
        author: who wrote it.
        licence: its licence.
        issues: address where problems are reported.
        into: where it goes; None for a new folder that is called as the distribution.
        yes: whether nothing is asked.
        language: language of questions and texts; None is that of the locale.
        as_json: whether to say what was written as a JSON document.
    """

    author: str
    licence: str
    issues: str
    into: Path | None
    yes: bool
    language: Language | None
    as_json: bool


_OPTIONS: tuple[Callable[..., Any], ...] = (
    click.option("--author", metavar="TEXT", default="", help="Who wrote it."),
    click.option(
        "--licence",
        "--license",
        type=click.Choice(LICENCES),
        default=LICENCES[0],
        show_default=True,
        help="Its licence.",
    ),
    click.option(
        "--issues", metavar="URL", default="", help="Address where problems are reported."
    ),
    click.option(
        "--into",
        type=click.Path(path_type=Path),
        metavar="FOLDER",
        help="Where to write it; new or empty.  [default: a new folder called as the distribution]",
    ),
    click.option("--yes", is_flag=True, help="Ask nothing: take the defaults."),
    language_option,
    json_option,
)


def package_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options about a package of any kind, which it takes as ``wishes``."""

    @wraps(command)
    def gathered(*arguments: Any, **options: Any) -> Any:
        said = {field.name: options.pop(field.name) for field in attrs.fields(Wishes)}
        return command(*arguments, wishes=Wishes(**said), **options)

    decorated: Callable[..., Any] = gathered
    for option in reversed(_OPTIONS):
        decorated = option(decorated)
    return decorated


@attrs.frozen
class Draft:
    """A package that may be written, before it is known what is in it.

    Attributes:
        names: what it is called.
        publication: who publishes it, and how.
        folder: where it goes.
        language: language of questions and texts.
        questions: asks what no option has answered.
    """

    names: Names
    publication: Publication
    folder: Path
    language: Language
    questions: Questions


def begin(context: click.Context, names: Names, wishes: Wishes) -> Draft:
    """See that a package can be called so and go there.

    Args:
        context: the command's context.
        names: what it is called.
        wishes: what was said about it.

    Raises:
        click.ClickException: it cannot; says why.
    """
    with usable(context, wishes.language):
        check_name(names, installed())
        publication = Publication.checked(
            wishes.author, wishes.licence, wishes.issues, SystemClock()
        )
    folder = wishes.into or Path(names.distribution)
    with told():
        check_vacant(folder)
    language = wishes.language or locale_language(os.environ)
    questions = Questions(context, texts_for(language), defaults=wishes.yes)
    return Draft(names, publication, folder, language, questions)


class Questions:
    """Asks what no option has answered.

    Args:
        context: the command's context.
        texts: the questions by name.
        defaults: whether to take the defaults instead of asking.
    """

    def __init__(self, context: click.Context, texts: Mapping[str, str], *, defaults: bool) -> None:
        self._context = context
        self._texts = texts
        self._defaults = defaults

    def expect(self, options: Mapping[str, object]) -> None:
        """See that what is not answered can be asked.

        Args:
            options: what was given, by the option; empty where it was not.

        Raises:
            click.UsageError: something is missing and nobody is there to answer.
        """
        missing = [option for option, value in options.items() if value in (None, "", ())]
        if missing and not self._defaults and not sys.stdin.isatty():
            raise click.UsageError(
                "standard input is no terminal, so nothing can be asked; give --yes to take the "
                f"defaults, or {', '.join(missing)}",
                self._context,
            )

    def ask(
        self, name: str, given: str | None, default: str, read: Callable[[str], _Value]
    ) -> _Value:
        """The value of one answer.

        Args:
            name: the question.
            given: what the option says, None where it was not given.
            default: what is meant where nothing is said.
            read: reads and checks an answer.

        Raises:
            AnswerError: the option cannot be used; at a question it is asked again.
        """
        if given is not None:
            return read(given)
        if self._defaults:
            return read(default)

        def answer(text: str) -> _Value:
            try:
                return read(text)
            except AnswerError as error:
                raise click.BadParameter(str(error)) from error

        value: _Value = click.prompt(
            self._texts[name], default=default, value_proc=answer, err=True
        )
        return value


@contextmanager
def usable(context: click.Context, language: Language | None = None) -> Iterator[None]:
    """Turn what is wrong with an answer into an error of the command line.

    Args:
        context: the command's.
        language: language of the error; None is that of the locale.
    """
    try:
        yield
    except AnswerError as error:
        from ion_framework.cli.translating import translated  # only an error needs it

        spoken = language or locale_language(os.environ)
        raise click.UsageError(translated(str(error), spoken), context) from error


def write_package(
    draft: Draft, files: Mapping[str, str], steps: Mapping[Language, str], *, as_json: bool
) -> None:
    """Write a package, and say what was written and what to do next.

    Args:
        draft: the package.
        files: its files.
        steps: what to do next, by language; ``{name}`` and ``{folder}`` are filled in.
        as_json: say it as a JSON document.
    """
    output, names, folder = Output(), draft.names, draft.folder
    with told():
        write(files, folder)
    if as_json:
        found = {"name": names.name, "distribution": names.distribution, "folder": str(folder)}
        output.json({**found, "files": sorted(files)})
        return
    for name in sorted(files):
        output.line(f"  {folder / name}", "quiet")
    output.line()
    output.line(steps[draft.language].format(name=names.name, folder=folder))
