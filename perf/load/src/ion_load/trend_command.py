"""``ion load trend``."""

from __future__ import annotations

from pathlib import Path

import click

from ion_framework.cli.options import json_option
from ion_framework.cli.output import Output


@click.command(
    epilog="It needs matplotlib: pip install 'ion-load[plots]'. Runs stand in the order of their "
    "time, which is in the names of locust's files and in the JSON of the gate."
)
@click.argument(
    "files",
    nargs=-1,
    required=True,
    metavar="FILE…",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("perf/results/trend"),
    show_default=True,
    metavar="PATH",
    help="Where the picture goes; .png and .svg are added.",
)
@json_option
def trend(files: tuple[Path, ...], *, out: Path, as_json: bool) -> None:
    """Draw P50, P95, P99 and error rate over the runs of FILEs, one row a scenario.

    A FILE is a *_stats.csv of locust, or JSON that ion load gate --out wrote.
    """
    from ion_load.reading import UnreadableError
    from ion_load.trend import read_runs
    from ion_load.trend_plot import draw

    plain = out.with_suffix("") if out.suffix in {".png", ".svg"} else out
    try:
        runs = read_runs(files)
        if not runs:
            raise click.ClickException(
                "no file holds a run with requests: there is nothing to draw"
            )
        drawn = draw(runs, plain)
    except (UnreadableError, OSError) as error:
        raise click.ClickException(str(error)) from error
    if as_json:
        told = {name: [run.told() for run in each] for name, each in runs.items()}
        Output().json({"files": [str(file) for file in drawn], "runs": told})
        return
    for file in drawn:
        Output().line(str(file))
