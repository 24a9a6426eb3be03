"""``ion persona``: make, check, import and export personas."""

from __future__ import annotations

import click

from ion_framework.cli.lazy import add_lazily


@click.group()
def persona() -> None:
    """Make, check, import and export personas."""


add_lazily(
    persona,
    {
        "new": ("persona_new", "Write the package of a new persona."),
        "check": ("persona_check", "Grade a persona: bronze, silver or gold, and what is missing."),
        "import": ("persona_import", "Make a package of a character card."),
        "export": ("persona_export", "Write a persona as a character card."),
    },
)
