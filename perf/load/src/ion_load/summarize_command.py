"""``ion load summarize``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import click

from ion_framework.cli.options import json_option
from ion_framework.cli.output import Output, note
from ion_load.endpoints import endpoint_table
from ion_load.summarize_locust_csv import (
    Entry,
    build_table,
    figures_of,
    is_rounded_up,
    parse_stats_csv,
    scenario_name_from_path,
)


@click.command(
    epilog="Exit codes: 0 in any case in which there is a table, files that are missing or empty "
    "included; 1 a file cannot be read or written. ion load gate is what judges."
)
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE…")
@click.option("--with-success-rate", is_flag=True, help="Add a column: requests without failure.")
@click.option("--with-overall", is_flag=True, help="Add a row: all files together.")
@click.option("--with-endpoints", is_flag=True, help="Add a table for each file: its endpoints.")
@click.option("--ascii-status", is_flag=True, help="Write OK and FAIL instead of signs.")
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write the table into a file, making its folder.",
)
@json_option
def summarize(
    files: tuple[Path, ...],
    *,
    with_endpoints: bool,
    out: Path | None,
    as_json: bool,
    **shape: bool,
) -> None:
    """Turn locust's *_stats.csv FILEs into a table in Markdown, one row a file.

    Of each file the last row counts, in which locust sums up all endpoints.
    """
    entries = [read_entry(file) for file in files]
    table = build_table(entries, **shape)
    if with_endpoints:
        table += "".join(_endpoints(files))
    if as_json:
        Output().json(figures_of(entries))
    elif out is None:
        Output().piece(table)
    if out is not None:
        _write(out, table)
    _tell_roundings(entries if shape["with_success_rate"] else [])


def read_entry(file: Path) -> Entry:
    """The scenario of a file and its figures.

    Raises:
        click.ClickException: the file is there and cannot be read.
    """
    try:
        return scenario_name_from_path(file), parse_stats_csv(file)
    except (OSError, UnicodeDecodeError) as error:
        raise click.ClickException(f"{file}: it cannot be read: {error}") from error


def _write(out: Path, table: str) -> None:
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(table, "utf-8", newline="\n")
    except OSError as error:
        raise click.ClickException(f"{out}: it cannot be written: {error}") from error


def _endpoints(files: Iterable[Path]) -> Iterator[str]:
    """A section for each file that names endpoints."""
    for file in files:
        if table := endpoint_table(file):
            yield f"\n## {scenario_name_from_path(file)}\n\n{table}"


def _tell_roundings(entries: list[Entry]) -> None:
    """Say on standard error where the column has to be read with care; it stays as it is."""
    for name, metrics in entries:
        if is_rounded_up(metrics):
            failed, requests = metrics["failures"], metrics["requests"]
            note(f"{name}: 100% is rounded; {failed} of {requests} requests failed")
