"""``ion plugin``: make packages of plugins."""

from __future__ import annotations

import click

from ion_framework.cli.lazy import add_lazily


@click.group()
def plugin() -> None:
    """Make packages of plugins."""


add_lazily(
    plugin,
    {"new": ("plugin_new", "Write the package of a new plugin.")},
)
