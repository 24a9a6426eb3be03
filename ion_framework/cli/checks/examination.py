"""The whole examination, in the order in which causes come before effects."""

from __future__ import annotations

import asyncio

from ion_framework.cli.checks.configuration import check_data_folder, check_names
from ion_framework.cli.checks.finding import Finding, error
from ion_framework.cli.checks.holds import SETTLED_S, check_holds
from ion_framework.cli.checks.listening import Failures
from ion_framework.cli.checks.parts import (
    RUNNABLE,
    check_ensemble,
    check_languages,
    check_parts,
)
from ion_framework.cli.checks.plugins import check_plugins, check_texts
from ion_framework.cli.checks.requirements import check_requirements
from ion_framework.cli.checks.trial import check_turns
from ion_framework.cli.checks.trust import check_trust
from ion_framework.cli.failures import sentence
from ion_framework.cli.plugin_list import hidden_commands
from ion_framework.cli.plugin_plan import order_warnings
from ion_framework.errors import IonError
from ion_framework.ion import Ion
from ion_framework.settings.model import Settings
from ion_framework.watching import watched_loop


async def examine(ion: Ion, settings: Settings, *, trial: bool) -> list[Finding]:
    """Bring an `Ion` to life, look at everything, and close it.

    Args:
        ion: not yet active.
        settings: its settings.
        trial: whether to have messages answered.
    """
    static = [*check_names(_odd_names(ion, settings)), *check_requirements(ion.plugins)]
    stop = _activated(ion)
    if stop:
        return [*static, _stopped(stop), *_state(ion, settings)]
    try:
        stop = await _started(ion)
        if stop:
            return [*static, _stopped(stop), *_state(ion, settings)]
        turns = await _tried(ion) if trial else []
        return [*static, *_state(ion, settings), *turns]
    finally:
        await ion.close()


async def _tried(ion: Ion) -> list[Finding]:
    failures = Failures()
    with failures.listening(), watched_loop(ion):
        turns = await check_turns(ion, failures)
        await asyncio.sleep(SETTLED_S)
    return [*turns, *check_holds(ion)]


def _odd_names(ion: Ion, settings: Settings) -> tuple[str, ...]:
    orders = order_warnings(ion.host, settings)
    return (*ion.warnings(), *orders, *hidden_commands(ion.plugins))


def _activated(ion: Ion) -> str:
    """Activate; returns what stopped it, empty where nothing did."""
    try:
        ion.activate()
    except IonError as failure:
        return sentence(failure)
    return ""


async def _started(ion: Ion) -> str:
    """Start; returns what stopped it, empty where nothing did."""
    try:
        await ion.start()
    except IonError as failure:
        return sentence(failure)
    return ""


def _stopped(cause: str) -> Finding:
    fix = "correct the cause; ion plugins plan shows the order without starting anything"
    return error("start", "ION does not start as it is configured", cause=cause, fix=fix)


def _state(ion: Ion, settings: Settings) -> list[Finding]:
    records = ion.plugins
    personas = ion.personas or tuple(
        record.manifest.persona
        for record in records
        if record.status in RUNNABLE and record.manifest and record.manifest.persona
    )
    return [
        *check_plugins(records),
        *check_trust(settings.plugins, records),
        *check_texts(records),
        *check_parts(records, personas),
        *check_languages(personas, records),
        check_ensemble(personas, records),
        check_data_folder(settings, records),
    ]
