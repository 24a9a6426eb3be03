"""``ion load probe``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from ion_framework.cli.options import json_option
from ion_load.answers import MEMBERS
from ion_load.target import address, key_from, key_option, url_option

PATHS = {"GET": ("/api/v2/health", "/health"), "POST": ("/api/v2/process", "/chat")}
"""Where requests go to, by method: on the canary, and on the legacy host."""

MESSAGE = "Why does my deploy keep failing?"
BODIES = ({"user_input": MESSAGE}, {"message": MESSAGE, "user_id": "probe"})
_PRESETS = {"light": "10/500", "medium": "50/100", "heavy": "200/10", "stress": "500/0"}


def _json(context: click.Context, option: click.Parameter, value: str | None) -> Any:
    try:
        return None if value is None else json.loads(value)
    except ValueError as error:
        raise click.BadParameter(f"it is no JSON: {error}", context, option) from None


def _path(context: click.Context, option: click.Parameter, value: str | None) -> str | None:
    if value is not None and not value.startswith("/"):
        raise click.BadParameter(f"{value!r} does not begin with /", context, option)
    return value


@click.command(
    epilog="Presets, as requests to each host / milliseconds between two: "
    + ", ".join(f"{name} {numbers}" for name, numbers in _PRESETS.items())
    + ". An answer 200 of the usual paths that is no JSON, or says nothing, has failed. "
    "Exit codes: 0 nothing but answers and refusals by the rate limit, 1 other failures."
)
@url_option(required=True, says="Address of the host; of the canary where two are compared.")
@key_option
@click.option(
    "--legacy-url", callback=address, metavar="URL", help="A second host, asked after it."
)
@click.option("--preset", type=click.Choice(list(_PRESETS)), default="light", show_default=True)
@click.option("--requests", type=click.IntRange(1, 100_000), metavar="N", help="Requests instead.")
@click.option("--delay-ms", type=click.IntRange(0, 600_000), metavar="MS", help="Delay instead.")
@click.option("--method", type=click.Choice(["GET", "POST"]), default="GET", show_default=True)
@click.option("--path", callback=_path, metavar="PATH", help="Path.  [default: by the method]")
@click.option("--legacy-path", callback=_path, metavar="PATH", help="The same at --legacy-url.")
@click.option("--body", callback=_json, metavar="JSON", help="Body of a POST.")
@click.option("--legacy-body", callback=_json, metavar="JSON", help="The same for --legacy-url.")
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write the JSON into a file as well.",
)
@json_option
@click.pass_context
def probe(context: click.Context, /, url: str, legacy_url: str | None, **options: Any) -> None:
    """Send requests strictly one after another and count answers, refusals and Retry-After.

    Of two hosts the one of --url is asked first. A request that takes 30 seconds has failed.
    """
    from ion_load.probe import PRESETS, Request  # aiohttp
    from ion_load.probe_work import Asked, run_probe

    method, key = options["method"], key_from(options["key_file"])
    bodies = (options["body"], options["legacy_body"])
    if method == "GET" and any(body is not None for body in bodies):
        raise click.UsageError("--body and --legacy-body need --method POST", context)
    paths = (options["path"], options["legacy_path"])
    hosts = [
        Request(
            method,
            f"{host}{path or usual}",
            known if body is None else body,
            key,
            MEMBERS.get(path or usual),
        )
        for host, path, usual, body, known in zip(
            (url, legacy_url), paths, PATHS[method], bodies, BODIES, strict=True
        )
        if host
    ]
    amount, delay_ms = PRESETS[options["preset"]]
    context.exit(
        run_probe(
            Asked(
                canary=hosts[0],
                legacy=hosts[1] if legacy_url else None,
                amount=options["requests"] or amount,
                delay_ms=delay_ms if options["delay_ms"] is None else options["delay_ms"],
                out=options["out"],
                as_json=options["as_json"],
            )
        )
    )
