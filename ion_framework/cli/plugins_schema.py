"""``ion plugins schema``: the JSON Schema of manifests, for editors."""

from __future__ import annotations

import json

import click


@click.command()
def schema() -> None:
    """Print the JSON Schema of ion-plugin.toml, by which editors complete and check it.

    Write it into a file and name that on the first line of a manifest: #:schema FILE
    """
    from ion_framework.manifest.schema import manifest_schema  # reads every class of the manifest

    click.echo(json.dumps(manifest_schema(), indent=2))
