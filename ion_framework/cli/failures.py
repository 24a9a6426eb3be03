"""ION's errors as a command line shows them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import click

from ion_framework.errors import (
    InvalidRequestError,
    IonError,
    NoAnswerError,
    ProblemsError,
    ResonanceKeyError,
    TurnRefusedError,
    UnknownPersonaError,
)


@contextmanager
def told() -> Iterator[None]:
    """Turn ION's errors into messages with exit codes; any other exception is a bug and stays.

    What was wrong with the arguments exits with 2, everything else with 1.
    """
    try:
        yield
    except (ResonanceKeyError, UnknownPersonaError) as error:
        raise click.UsageError(str(error)) from error
    except IonError as error:
        raise click.ClickException(sentence(error)) from error


def sentence(error: IonError) -> str:
    """An error in words; several problems on a line each."""
    if isinstance(error, ProblemsError):
        return "\n".join(error.problems)
    if isinstance(error, TurnRefusedError):
        return f"refused by {error.guard} ({error.code}): {error}"
    if isinstance(error, NoAnswerError):
        return f"no answer: {error}" + (f" ({error.detail})" if error.detail else "")
    if isinstance(error, InvalidRequestError):
        return f"the {error.field} cannot be used: {error}"
    return str(error)
