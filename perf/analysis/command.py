"""How well an analyser reads labelled messages: ``python -m perf.analysis FILE.tsv``.

A file is tab-separated with a header and without quoting: columns text, lang (en or ko), tone or
intent or both, optionally source, and any others. LABELS.md in perf/data says how to label.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import attrs

from ion_framework.cli.output import Output
from ion_framework.cli.tables import aligned
from perf.analysis import tables
from perf.analysis.analyzers import DEFAULT, opened
from perf.analysis.bootstrap import DRAWS
from perf.analysis.compare import Difference, differences, read_predictions
from perf.analysis.gate import Broken, Limit, Side, broken, parse_limit
from perf.analysis.parts import check_columns
from perf.analysis.readings import first_party_table
from perf.analysis.report import Report, default_folder, evaluate
from perf.analysis.rows import InputError, read_rows
from perf.analysis.scores import ABSTAIN, Options
from perf.analysis.writing import write
from perf.report import RESULTS

KEPT, BROKEN, UNUSABLE = 0, 1, 2
"""Exit codes: all well, a promise is not kept, what was given cannot be used."""


@attrs.frozen
class Arguments:
    """What the command line says.

    Attributes:
        files: labelled messages, at least one file.
        analyzer: name of the analyser plugin.
        by: columns to break the scores down by.
        options: threshold, draws and seed.
        limits: promises, which decide the exit code.
        compare: a report.json to compare with, None for none.
        out: folder for the report, None for a new one among the results.
        as_json: whether to print report.json instead of tables.
    """

    files: tuple[Path, ...]
    analyzer: str
    by: tuple[str, ...]
    options: Options
    limits: tuple[Limit, ...]
    compare: Path | None
    out: Path | None
    as_json: bool


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, write; see ``--help``. Returns the exit code.

    Args:
        arguments: the command line without the command's name; by default that of the process.
    """
    given = _parsed(arguments)
    output = Output()
    try:
        with output.reserved():
            return _run(given, output)
    except InputError as error:
        print(f"python -m perf.analysis: {error}", file=sys.stderr)
        return UNUSABLE


def _run(given: Arguments, output: Output) -> int:
    rows = tuple(row for file in given.files for row in read_rows(file))
    check_columns(rows, given.by)
    before = read_predictions(given.compare) if given.compare else None
    with opened(given.analyzer) as evaluated:
        made = evaluate(rows, evaluated, first_party_table(), given.options, given.by)
    failed = broken(made.report, given.limits)
    compared = differences(made, before, given.options) if before is not None else ()
    folder = given.out or default_folder(RESULTS)
    write(made.report, folder, compared, failed)
    if given.as_json:
        output.json(made.report)
        # Standard output is one document; what else there is to say goes beside it.
        for line in (*aligned(tables.gate(failed)), "") if failed else ():
            print(line, file=sys.stderr)
        print(f"The report is in {folder}", file=sys.stderr)
    else:
        _show(made.report, compared, failed, output)
        output.line(f"The report is in {folder}")
    return BROKEN if failed else KEPT


def _show(
    report: Report, compared: Sequence[Difference], failed: Sequence[Broken], output: Output
) -> None:
    shown = {
        "": tables.summary(report.parts),
        f"calibration, and what is left at confidence {report.options.abstain:g}": tables.trust(
            report.parts
        ),
        "share of variants that are read differently": tables.robustness(report.robustness),
        "microseconds per message": tables.timing(report.timing),
    }
    if compared:
        shown["compared with before"] = tables.comparison(compared)
    if failed:
        shown["promises that are not kept"] = tables.gate(failed)
    for title, table in shown.items():
        if title:
            output.line(title)
        output.table(table)
        output.line()


def _parsed(arguments: Sequence[str] | None) -> Arguments:
    found = _parser().parse_intermixed_args(arguments)
    return Arguments(
        files=tuple(dict.fromkeys(found.files)),
        analyzer=found.analyzer,
        by=tuple(dict.fromkeys(found.by)),
        options=Options(found.abstain, found.draws, found.seed),
        limits=(*found.min, *found.max),
        compare=found.compare,
        out=found.out,
        as_json=found.json,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m perf.analysis",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("files", nargs="+", type=Path, metavar="FILE.tsv", help="labelled messages")
    add("--analyzer", default=DEFAULT, metavar="PLUGIN", help=f"analyser (default: {DEFAULT})")
    add("--by", action="append", default=[], metavar="COLUMN", help="break down by a column")
    add("--out", type=Path, metavar="DIR", help="folder (default: a new one in perf/results)")
    add("--json", action="store_true", help="print report.json instead of tables")
    add("--compare", type=Path, metavar="REPORT.json", help="show differences to that report")
    add("--abstain", type=_share, default=ABSTAIN, help=f"least confidence (default: {ABSTAIN})")
    add("--draws", type=_count, default=DRAWS, help=f"of the bootstrap (default: {DRAWS})")
    add("--seed", type=int, default=0, help="of bootstrap and variants (default: 0)")
    for side, words in ((Side.MIN, "below"), (Side.MAX, "above")):
        add(
            f"--{side.value}",
            action="append",
            default=[],
            type=_limit(side),
            metavar="FIGURE=NUMBER",
            help=f"exit code 1 where a figure is {words}: tone_f1=0.6, en.unseen.tone_f1=0.4",
        )
    return parser


def _limit(side: Side) -> Callable[[str], Limit]:
    def parse(text: str) -> Limit:
        try:
            return parse_limit(text, side)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from error

    return parse


def _share(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 0 to 1")
    return value


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of 1 or more")
    return int(text)
