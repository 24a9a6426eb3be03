"""``ion load gate``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from ion_framework.cli.options import json_option
from ion_load.naming import duration
from ion_load.target import key_from, key_option, url_option

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command(
    epilog="Every limit is strict: a P95 of exactly 500 ms fails. Exit codes: 0 every limit holds, "
    "1 one broke or there was no data. In a GitHub workflow the table also goes into the summary "
    "of the step."
)
@click.argument("file", required=False, type=click.Path(dir_okay=False, path_type=Path))
@url_option(says="Put load on this host instead of reading FILE.")
@key_option
@click.option(
    "--rate",
    type=click.FloatRange(0.1, 10_000),
    default=10,
    show_default=True,
    metavar="R",
    help="With --url: chats a second, sent whether or not earlier ones are answered.",
)
@click.option(
    "--duration",
    callback=duration,
    default="10s",
    show_default=True,
    metavar="T",
    help="With --url: length of the load.",
)
@click.option(
    "--repeat", is_flag=True, help="With --url: send ten messages again and again, for the cache."
)
@click.option(
    "--p95-ms",
    type=click.FloatRange(0, min_open=True),
    default=500,
    show_default=True,
    metavar="MS",
    help="P95 has to be below.",
)
@click.option(
    "--max-error-pct",
    type=click.FloatRange(0, 100, min_open=True),
    default=1,
    show_default=True,
    metavar="PCT",
    help="Failures have to be below.",
)
@click.option(
    "--min-requests",
    type=click.IntRange(0),
    default=10,
    show_default=True,
    metavar="N",
    help="There have to be more requests.",
)
@click.option(
    "--max-degraded-pct",
    type=click.FloatRange(0, 100, min_open=True),
    metavar="PCT",
    help="Degraded answers have to be below.",
)
@click.option(
    "--baseline", type=_FILE, metavar="FILE", help="A run before: JSON of --out, or a CSV."
)
@click.option(
    "--max-slower-pct",
    type=click.FloatRange(0),
    default=20,
    show_default=True,
    metavar="PCT",
    help="P95 may be above the baseline's by this.",
)
@click.option(
    "--inconclusive-fails",
    is_flag=True,
    help="Exit with 1 as well where chance may explain what is worse than the baseline.",
)
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="With --url: write the figures, for --baseline and for ion load trend.",
)
@json_option
@click.pass_context
def gate(context: click.Context, /, file: Path | None, **options: Any) -> None:
    """Judge a run against limits: FILE is a *_stats.csv of locust, or JSON of --out.

    With --url the load comes from here: chats at a constant rate, each timed from the instant at
    which it was due, so that a host that stalls cannot hide it.
    """
    from ion_load.gate import Limits  # numbers and files only once there is something to judge
    from ion_load.gate_work import Asked, run_gate

    _check(context, file, options)
    url = options["url"] if file is None else None
    names = ("p95_ms", "max_error_pct", "min_requests", "max_slower_pct", "max_degraded_pct")
    asked = Asked(
        file=file,
        url=url,
        key=key_from(options["key_file"]) if url else None,
        limits=Limits(**{name: options[name] for name in names}),
        **{name: options[name] for name in ("rate", "duration", "repeat", "baseline", "out")},
        inconclusive_fails=options["inconclusive_fails"],
        as_json=options["as_json"],
    )
    context.exit(run_gate(asked))


def _check(context: click.Context, file: Path | None, options: dict[str, Any]) -> None:
    """See that there is one thing to judge, and that nothing is given that would have no effect.

    Raises:
        click.UsageError: otherwise.
    """
    if file is None:
        if options["url"] is None:
            raise click.UsageError("give FILE or --url, or set ION_API_HOST", context)
        return
    if _is_given(context, "url"):
        raise click.UsageError("give FILE or --url, not both", context)
    for name in _OF_A_LOAD:
        if _is_given(context, name):
            option = name.replace("_", "-")
            raise click.UsageError(f"--{option} needs --url: FILE is judged as it is", context)


def _is_given(context: click.Context, name: str) -> bool:
    return context.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE


_OF_A_LOAD = ("rate", "duration", "repeat", "out", "key_file")
"""Options that mean nothing where a file is judged."""
