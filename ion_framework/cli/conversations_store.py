"""The store that the settings choose, opened alone: no host, no generator, no turn."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import attrs
import click

from ion_framework.cli.opening import opened
from ion_framework.clock import SystemClock
from ion_framework.manifest.model import Kind
from ion_framework.plugin_host.discovery import installed
from ion_framework.plugin_host.host import PluginHost
from ion_framework.settings.model import SelectionLayer, Settings

if TYPE_CHECKING:
    from ion_framework.conversations.store import ConversationStore
    from ion_framework.ion import Ion

_NEEDED = {Kind.STORE, Kind.SECRETS}
"""Kinds that run: a store's address may come from a source of secrets."""


@asynccontextmanager
async def opened_store(settings: Settings) -> AsyncIterator[ConversationStore]:
    """The store, as a host with these settings would use it.

    Args:
        settings: the settings.

    Raises:
        click.ClickException: no store runs; says why of each.
    """
    from ion_framework.conversations.store import ConversationStore

    async with opened(_without_the_rest(settings)) as ion:
        stores = (store for store in ion.provisions.stores if isinstance(store, ConversationStore))
        store = next(stores, None)
        if store is None:
            raise click.ClickException(_why_none(ion))
        yield store


def _without_the_rest(settings: Settings) -> Settings:
    records = PluginHost(settings, installed, os.environ, SystemClock()).records
    rest = tuple(record.name for record in records if not _NEEDED.intersection(record.provides))
    layer = SelectionLayer("ion conversations, which runs stores alone", disable=rest)
    plugins = attrs.evolve(
        settings.plugins, required=(), overrides=(*settings.plugins.overrides, layer)
    )
    return attrs.evolve(settings, plugins=plugins)


def _why_none(ion: Ion) -> str:
    found = [record for record in ion.plugins if Kind.STORE in record.provides]
    if not found:
        return "no store of conversations is installed: install one, for example ion-store-sqlite"
    each = (f"{record.name} is {record.status.value}: {record.reason}" for record in found)
    return "\n".join(("no store of conversations runs", *each))
