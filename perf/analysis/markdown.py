"""The report for people, in Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ion_framework.cli.tables import Table, cell
from perf.analysis import tables
from perf.analysis.compare import Difference
from perf.analysis.gate import Broken
from perf.analysis.report import Report
from perf.analysis.robustness import PROMISE
from perf.analysis.scores import PartScores

_MEANING = """\
- **accuracy**: share of messages read as labelled.
- **macro-F1**, **macro-recall**: unweighted means over the labels that occur.
- **[a-b]**: 95 % bootstrap interval: where the figure lies in 95 of 100 resamples of the rows.
- **ECE**: expected calibration error (Naeini et al. 2015, Guo et al. 2017), equal-mass bins; \
0 means that confidence is accuracy.
- **coverage**, **accuracy covered**: share of messages whose confidence reaches {abstain:g}, \
and the accuracy on these.
- **persona**: who would answer, by the routing table of the first-party personas, for the \
labelled tone and intent against those read; the pace is as read on both sides, the intent is \
`learning` on both where the file labels none. Its confidence is that of the tone, or the \
lower of both where the intent counts.
- **seen**, **unseen**: whether the message's source is one that the analyser learned from."""


def markdown(
    report: Report,
    pictures: Sequence[str],
    compared: Sequence[Difference] = (),
    failed: Sequence[Broken] = (),
) -> str:
    """The report as one Markdown text.

    Args:
        report: the report.
        pictures: names of the SVG files beside it.
        compared: differences to another report.
        failed: promises that are not kept.
    """
    return "\n\n".join(_sections(report, pictures, compared, failed)) + "\n"


def pipe_table(table: Table) -> str:
    """A table in Markdown; a bar inside a cell is escaped."""
    rows = [[_escaped(cell(value).text) for value in row] for row in table.rows]
    heading = [_escaped(name) for name in table.columns]
    ruler = ["---"] * len(heading)
    return "\n".join(f"| {' | '.join(row)} |" for row in (heading, ruler, *rows))


def _sections(
    report: Report,
    pictures: Sequence[str],
    compared: Sequence[Difference],
    failed: Sequence[Broken],
) -> Iterator[str]:
    yield f"# How {_escaped(report.analyzer)} reads"
    yield _circumstances(report)
    if failed:
        yield f"## Promises that are not kept\n\n{pipe_table(tables.gate(failed))}"
    yield f"## Scores\n\n{pipe_table(tables.summary(report.parts))}"
    yield pipe_table(tables.trust(report.parts))
    yield _MEANING.format(abstain=report.options.abstain)
    if compared:
        yield f"## Compared with before\n\n{pipe_table(tables.comparison(compared))}"
    yield (
        "## Robustness\n\nShare of variants (a greeting in front, one typo, another politeness, a "
        f"neutral emoji) that are read differently. At most {PROMISE:.0%} may change the persona."
    )
    yield pipe_table(tables.robustness(report.robustness))
    yield (
        "## Time\n\nMicroseconds per message. `memo` is `Ion.analyze` of a text that the engine "
        f"remembers.\n\n{pipe_table(tables.timing(report.timing))}"
    )
    yield "## Pictures"
    yield "\n".join(f"![{name.removesuffix('.svg')}]({name})" for name in pictures)
    for name, part in report.parts.items():
        yield from _part(name, part)


def _circumstances(report: Report) -> str:
    sources = ", ".join(report.training_sources) or "none, so that every source is unseen"
    items = (
        f"measured: {report.at}, Python {report.python}, {report.platform}",
        f"files: {', '.join(f'`{file}`' for file in report.files)}",
        f"sources that the analyser learned from: {sources}",
        f"bootstrap: {report.options.draws} draws, seed {report.options.seed}",
    )
    return "\n".join(f"- {item}" for item in items)


def _part(name: str, part: PartScores) -> Iterator[str]:
    yield f"## {_escaped(name)}: {part.rows} messages"
    for component, scores in part.components.items():
        yield f"### {_escaped(name)}: {component.value}"
        yield pipe_table(tables.classes(scores.classes))
        yield pipe_table(tables.confusion(scores))
        yield pipe_table(tables.reliability(scores))


def _escaped(text: str) -> str:
    return " ".join(text.split()).replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;")
