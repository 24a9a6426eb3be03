"""What ``ion persona new`` and ``ion plugin new`` share: questions, options, and writing."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import attrs
import click

from ion_framework.cli.failures import told
from ion_framework.cli.output import Output
from ion_framework.clock import SystemClock
from ion_framework.scaffolding.errors import AnswerError
from ion_framework.scaffolding.names import Names
from ion_framework.scaffolding.publication import LICENCES, Publication
from ion_framework.scaffolding.writing import write

_Command = TypeVar("_Command", bound=Callable[..., Any])
_Value = TypeVar("_Value")

yes_option = click.option("--yes", is_flag=True, help="Ask nothing: take the defaults.")
into_option = click.option(
    "--into",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="Where to write it; new or empty.  [default: a new folder called as the distribution]",
)


def publication_options(command: _Command) -> _Command:
    """Give a command the options about who publishes a package, and how."""
    for option in (
        click.option(
            "--issues", metavar="URL", default="", help="Address where problems are reported."
        ),
        click.option(
            "--licence",
            "--license",
            type=click.Choice(LICENCES),
            default=LICENCES[0],
            show_default=True,
            help="Its licence.",
        ),
        click.option("--author", metavar="TEXT", default="", help="Who wrote it."),
    ):
        command = option(command)
    return command


def publication_of(author: str, licence: str, issues: str) -> Publication:
    """Who publishes a package, by the options.

    Raises:
        AnswerError: one of them cannot be used.
    """
    return Publication.checked(author, licence, issues, SystemClock())


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
def usable(context: click.Context) -> Iterator[None]:
    """Turn what is wrong with an answer into an error of the command line."""
    try:
        yield
    except AnswerError as error:
        raise click.UsageError(str(error), context) from error


@attrs.frozen
class Package:
    """A package that can be written.

    Attributes:
        names: what it is called.
        files: its files.
        folder: where they go.
    """

    names: Names
    files: Mapping[str, str]
    folder: Path


def write_package(package: Package, output: Output, steps: str, *, as_json: bool) -> None:
    """Write a package, and say what was written and what to do next.

    Args:
        package: the package.
        output: where to say it.
        steps: what to do next; ``{name}`` and ``{folder}`` are filled in.
        as_json: say it as a JSON document.
    """
    names, folder = package.names, package.folder
    with told():
        write(package.files, folder)
    if as_json:
        found = {"name": names.name, "distribution": names.distribution, "folder": str(folder)}
        output.json({**found, "files": sorted(package.files)})
        return
    for name in sorted(package.files):
        output.line(f"  {folder / name}", "quiet")
    output.line()
    output.line(steps.format(name=names.name, folder=folder))
