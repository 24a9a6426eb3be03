"""``ion analyze``: the resonance of messages."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

import click

from ion_framework.cli.lines import raw_lines
from ion_framework.cli.opening import opened
from ion_framework.cli.options import common, json_option, settings_of
from ion_framework.cli.output import Output
from ion_framework.cli.reading import (
    Reading,
    abstained,
    chosen,
    document_of,
    failed_line,
    line_of,
    ranked,
    read,
    spans,
)
from ion_framework.cli.tables import Cell, Table
from ion_framework.cli.texts import message_of
from ion_framework.domain.key import Intent, Tone
from ion_framework.domain.resonance import Evidence, IntentReading, Resonance, ToneReading
from ion_framework.errors import NoAnswerError
from ion_framework.ion import Ion
from ion_framework.running import run
from ion_framework.settings.model import Settings


@click.command()
@click.argument("message", nargs=-1)
@click.option(
    "--jsonl",
    "lines",
    type=click.File("rb"),
    metavar="FILE",
    help="Read one message a line, - for standard input; write one JSON object a line.",
)
@click.option(
    "--from-feedback",
    is_flag=True,
    help="Write what users corrected as an evaluation file (TSV) for perf.analysis.",
)
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="With --from-feedback: where to write instead of standard output.",
)
@json_option
@common
@click.pass_context
def analyze(  # noqa: PLR0913, PLR0917  click passes each option
    context: click.Context,
    message: tuple[str, ...],
    lines: BinaryIO | None,
    from_feedback: bool,
    out: Path | None,
    as_json: bool,
) -> None:
    """Read how MESSAGE feels: its tone, pace and intent, and what in it speaks for them.

    With --jsonl every line of input has its line of output. One that holds no message (it is blank
    or not UTF-8) has an object whose "error" says so, and the exit code is 1 in the end.
    """
    if bool(message) + (lines is not None) + from_feedback != 1:
        raise click.UsageError(
            "give either a message, or --jsonl with a file, or --from-feedback", context
        )
    if out is not None and not from_feedback:
        raise click.UsageError("--out belongs to --from-feedback", context)
    settings, output = settings_of(context), Output()
    with output.reserved():
        if from_feedback:
            from ion_framework.cli.analyze_feedback import export  # only here is a store opened

            run(export(settings, out, output))
            return
        if lines is not None:
            failures = run(_each_line(settings, lines, output), reads_input=True)
            context.exit(1 if failures else 0)
        run(_one(settings, message_of(message), as_json, output))


async def _one(settings: Settings, text: str, as_json: bool, output: Output) -> None:
    if not text.strip():
        raise click.UsageError("the message is empty")
    async with opened(settings) as ion:
        reading = await read(ion, text)
    if as_json:
        output.json(document_of(reading))
    else:
        _show(reading, output)


async def _each_line(settings: Settings, lines: BinaryIO, output: Output) -> int:
    """Read messages as they come in; returns how many lines could not be read."""
    failures = 0
    async with opened(settings) as ion:
        for raw in raw_lines(lines):
            written = await _written(ion, raw)
            failures += "error" in written
            output.json_line(written)
    return failures


async def _written(ion: Ion, raw: bytes) -> dict[str, object]:
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        return failed_line(None, f"not valid UTF-8 at byte {error.start}")
    if not text.strip():
        return failed_line(text, "the line is blank")
    try:
        return line_of(await read(ion, text))
    except NoAnswerError as error:
        return failed_line(text, str(error))


def _show(reading: Reading, output: Output) -> None:
    resonance = reading.resonance
    output.marked(reading.text, spans(resonance))
    output.line()
    output.line(f"{resonance.key}  ({resonance.language.value}, read by {resonance.source})")
    output.line()
    output.table(_judgements(reading))
    for component in abstained(resonance):
        stand_in = chosen(resonance)[component]
        output.line(f"{component}: nothing was likely enough; {stand_in} stands in", "notice")
    _show_decision(reading, output)
    evidence = _evidence(resonance)
    if evidence.rows:
        output.line()
        output.table(evidence)


def _judgements(reading: Reading) -> Table:
    tone, intent = reading.resonance.tone, reading.resonance.intent
    return Table(
        ("component", "value", "confidence", "runner-up", "its confidence"),
        (
            _judgement("tone", tone, tone.secondary),
            ("pace", reading.resonance.rhythm.pace.value, "", "", ""),
            _judgement("intent", intent, intent.secondary),
        ),
    )


def _judgement(
    component: str, judged: ToneReading | IntentReading, runner_up: Tone | Intent | None
) -> tuple[str, ...]:
    second = (runner_up.value, f"{judged.secondary_confidence:.2f}") if runner_up else ("none", "")
    return (component, judged.primary.value, f"{judged.confidence:.2f}", *second)


def _show_decision(reading: Reading, output: Output) -> None:
    output.line()
    decision = reading.decision
    if decision is None:
        output.line(f"persona: none ({reading.problem})", "notice")
        return
    output.line(f"persona: {decision.primary}, confidence {decision.confidence.normalize():f}")
    for reason in decision.reasons:
        output.line(f"  {reason}", "quiet")


def _evidence(resonance: Resonance) -> Table:
    rows = tuple(map(_evidence_row, ranked(resonance)))
    return Table(("evidence for", "value", "kind", "found", "weight", "where"), rows)


def _evidence_row(item: Evidence) -> tuple[Cell | str, ...]:
    where = "whole" if item.start is None else f"{item.start}-{item.end}"
    return (
        item.component,
        item.value,
        Cell(item.kind, "quiet"),
        Cell(item.cue, "quiet" if item.kind == "measure" else ""),
        f"{item.weight:+.2f}",
        Cell(where, "quiet"),
    )
