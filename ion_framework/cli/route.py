"""``ion route``: which persona a key or a message goes to."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from decimal import Decimal

import click

from ion_framework.cli.opening import opened
from ion_framework.cli.options import common, json_option, settings_of
from ion_framework.cli.output import Output
from ion_framework.cli.tables import Table
from ion_framework.cli.texts import message_of
from ion_framework.domain.key import ALL_KEYS, ResonanceKey
from ion_framework.domain.language import Language
from ion_framework.domain.resonance import Resonance
from ion_framework.domain.routing import RoutingDecision
from ion_framework.ion import Ion
from ion_framework.running import run
from ion_framework.settings.model import Settings


@click.command()
@click.argument("key", required=False)
@click.option("--message", metavar="TEXT", help="Analyse this message and route its key.")
@click.option("--all", "every", is_flag=True, help="Route all 216 keys.")
@json_option
@common
@click.pass_context
def route(
    context: click.Context, key: str | None, message: str | None, every: bool, as_json: bool
) -> None:
    """Show which persona the resonance KEY (tone-pace-intent) goes to, and why.

    The router that is active decides, as it does in a turn. --all with --json writes one object
    a line.
    """
    if sum((key is not None, message is not None, every)) != 1:
        raise click.UsageError(
            "give one of: a key (calm-medium-learning), --message, --all", context
        )
    parsed = ResonanceKey.parse(key) if key is not None else None
    text = message_of((message,)) if message is not None else ""
    if message is not None and not text.strip():
        raise click.UsageError("the message is empty", context)
    settings, output = settings_of(context), Output()
    with output.reserved():
        if every:
            run(_all(settings, as_json, output))
        else:
            run(_one(settings, parsed, text, as_json, output))


async def _one(
    settings: Settings, key: ResonanceKey | None, text: str, as_json: bool, output: Output
) -> None:
    async with opened(settings) as ion:
        resonance = _given(key) if key is not None else await ion.analyze(text)
        decision = await ion.route(text, resonance)
    if as_json:
        extra = {"margin": decision.margin, "reasons": decision.reasons, "router": decision.router}
        output.json({**line_of(resonance.key, decision), **extra})
    else:
        _show(resonance.key, decision, output)


async def _all(settings: Settings, as_json: bool, output: Output) -> None:
    async with opened(settings) as ion:
        if as_json:
            async for key, decision in _decisions(ion):
                output.json_line(line_of(key, decision))
            return
        rows = [_row(key, decision) async for key, decision in _decisions(ion)]
    columns = ("key", "primary", "secondary", "confidence", "scores")
    output.table(Table(columns, tuple(rows)))


async def _decisions(ion: Ion) -> AsyncIterator[tuple[ResonanceKey, RoutingDecision]]:
    for key in ALL_KEYS:
        yield key, await ion.route("", _given(key))


def _given(key: ResonanceKey) -> Resonance:
    return Resonance.given(key, Language.ENGLISH)


def line_of(key: ResonanceKey, decision: RoutingDecision) -> dict[str, object]:
    """The object that ``ion route`` writes for a key."""
    return {
        "key": key,
        "primary": decision.primary,
        "secondary": decision.secondary,
        "confidence": decision.confidence,
        "scores": decision.scores,
    }


def _row(key: ResonanceKey, decision: RoutingDecision) -> tuple[str, ...]:
    return (
        str(key),
        decision.primary,
        decision.secondary or "none",
        _number(decision.confidence),
        _listed(decision.scores),
    )


def _listed(scores: Mapping[str, Decimal]) -> str:
    return ", ".join(f"{name} {_number(score)}" for name, score in scores.items())


def _number(value: Decimal) -> str:
    return f"{value.normalize():f}"


def _show(key: ResonanceKey, decision: RoutingDecision, output: Output) -> None:
    output.line(f"{key} goes to {decision.primary}, confidence {_number(decision.confidence)}")
    for reason in decision.reasons:
        output.line(f"  {reason}", "quiet")
    output.line(f"  decided by the router {decision.router}", "quiet")
    output.line()
    rows = tuple((name, _number(score)) for name, score in decision.scores.items())
    output.table(Table(("persona", "score"), rows))
