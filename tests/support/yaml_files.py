"""YAML as GitHub, Kubernetes and others read it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml


class OnText(yaml.SafeLoader):
    """YAML in which ``on`` is a text, as GitHub reads it."""


OnText.yaml_implicit_resolvers = {
    letter: [pair for pair in pairs if pair[0] != "tag:yaml.org,2002:bool"]
    for letter, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
OnText.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("^(?:true|false)$"), ["t", "f"])


def read(file: Path) -> Any:
    """A YAML file."""
    return yaml.load(file.read_text("utf-8"), OnText)  # noqa: S506  derived from the safe loader
