"""Promises on the command line: figures that must not be below, or above, a limit."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum

import attrs

from perf.analysis.parts import ALL
from perf.analysis.report import Report
from perf.analysis.rows import InputError
from perf.analysis.scores import ComponentScores


class Side(StrEnum):
    """On which side of its limit a figure has to stay."""

    MIN = "min"
    MAX = "max"


@attrs.frozen
class Limit:
    """One promise.

    Attributes:
        figure: name of the figure, as `figures` names it.
        side: whether the limit is the least or the most.
        value: the limit, in the figure's unit.
    """

    figure: str
    side: Side
    value: float


@attrs.frozen
class Broken:
    """A promise that is not kept.

    Attributes:
        limit: the promise.
        value: the figure.
    """

    limit: Limit
    value: float


def parse_limit(text: str, side: Side) -> Limit:
    """Read ``figure=number``.

    Args:
        text: what was given; the figure may hold ``=`` itself (``topic=travel.tone_f1=0.6``).
        side: on which side the figure has to stay.

    Raises:
        ValueError: it is not of this form.
    """
    figure, found, number = text.rpartition("=")
    if not found or not figure.strip():
        raise ValueError(f"{text!r} is not of the form figure=number, as tone_f1=0.6")
    value = float(number)
    if value != value:  # noqa: PLR0124  a limit that is not a number would never be broken
        raise ValueError(f"{text!r}: the limit is not a number")
    return Limit(figure.strip(), side, value)


def figures(report: Report) -> Mapping[str, float]:
    """Every figure that a promise can be about, by name.

    Those of all messages stand alone (``tone_f1``), those of a part after its name
    (``ko.unseen.tone_f1``, ``topic=travel.persona_accuracy``).

    Args:
        report: the report.
    """
    found: dict[str, float] = {}
    for part, scores in report.parts.items():
        prefix = "" if part == ALL else f"{part}."
        for component, made in scores.components.items():
            for name, value in _of_component(made):
                found[f"{prefix}{component.value}_{name}"] = value
    for one in report.robustness:
        prefix = "" if one.part == ALL else f"{one.part}."
        kind = "" if one.kind == ALL else f"{one.kind}_"
        for what in ("persona", "tone", "intent"):
            found[f"{prefix}{kind}{what}_changes"] = getattr(one, what)
    for timing in report.timing:
        prefix = "" if timing.what == ALL else f"{timing.what.split()[0]}."
        found[f"{prefix}median_us"] = timing.median_us
        found[f"{prefix}p95_us"] = timing.p95_us
    return found


def broken(report: Report, limits: Sequence[Limit]) -> tuple[Broken, ...]:
    """The promises that are not kept.

    Args:
        report: the report.
        limits: the promises.

    Raises:
        InputError: a promise is about no figure of this report.
    """
    known = figures(report)
    for limit in limits:
        if limit.figure not in known:
            near = difflib.get_close_matches(limit.figure, known, n=3, cutoff=0.5)
            meant = f"; near are: {', '.join(near)}" if near else ""
            plain = ", ".join(name for name in known if "." not in name)
            raise InputError(
                f"--{limit.side.value} {limit.figure}: these files give no such figure{meant}; "
                f"there are: {plain}; and each after a part: {', '.join(report.parts)}"
            )
    return tuple(
        Broken(limit, known[limit.figure])
        for limit in limits
        if (known[limit.figure] < limit.value) == (limit.side is Side.MIN)
        and known[limit.figure] != limit.value
    )


def _of_component(made: ComponentScores) -> Iterator[tuple[str, float]]:
    yield "accuracy", made.headline.accuracy
    yield "f1", made.headline.macro_f1
    yield "macro_recall", made.headline.macro_recall
    yield "ece", made.calibration.ece
    yield "coverage", made.coverage.coverage
    if made.coverage.accuracy is not None:
        yield "covered_accuracy", made.coverage.accuracy
