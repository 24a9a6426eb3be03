"""The files of a new plugin's package, for every kind but a persona."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import attrs

from ion_framework.manifest.model import API_MAJOR, Kind
from ion_framework.scaffolding.answers import MAX_SENTENCE, checked_line
from ion_framework.scaffolding.markdown import plain, settings_tables
from ion_framework.scaffolding.names import Names
from ion_framework.scaffolding.publication import Publication
from ion_framework.scaffolding.rendering import render, toml_string
from ion_framework.scaffolding.templates import rendered, template

FILE = Path(__file__).with_name("kinds.toml")

_SLOW = 'markers = ["slow: thousands of examples; run with ION_SLOW=1"]\n'


@attrs.frozen
class KindMaterial:
    """What is said of a kind.

    Attributes:
        summary: one line of what the plugin does.
        en: the same in full, in English.
        ko: the same in full, in Korean.
    """

    summary: str
    en: str
    ko: str


@cache
def kinds() -> Mapping[Kind, KindMaterial]:
    """The kinds for which there are templates."""
    table = tomllib.loads(FILE.read_text("utf-8"))
    return {Kind(name): KindMaterial(**texts) for name, texts in table.items()}


def plugin_files(
    names: Names, kind: Kind, summary: str, publication: Publication
) -> dict[str, str]:
    """The files of the package, by path inside its folder.

    Args:
        names: what it is called.
        kind: what it provides.
        summary: one line of what it does; empty takes that of the kind.
        publication: who publishes it.

    Raises:
        AnswerError: the summary cannot be used.
    """
    known = kinds()[kind]
    line = checked_line("summary", summary, MAX_SENTENCE) if summary else known.summary
    values = publication.values(names)
    settings = template(f"kinds/{kind.value}/settings")
    values |= {
        "kind": kind.value,
        "summary": line,
        "summary_md": plain(line),
        # A docstring of the author's own words would have to be escaped in a third manner.
        "init": known.summary,
        "what_en": render(known.en, values),
        "what_ko": render(known.ko, values),
        "api": str(API_MAJOR),
        "target": f"{names.package}.plugin:plugin",
        "dependencies": ", ".join(
            map(toml_string, ("attrs>=25.1", f"ion-framework{values['core_range']}"))
        ),
        "manifest_extra": settings.rstrip("\n"),
        "markers": _SLOW if kind is Kind.STORE else "",
        "check": "ion plugins check . --at-least gold",
    }
    values |= settings_tables(settings, names.name)
    folders = ("common", "plugin", f"kinds/{kind.value}/files")
    return {**rendered(folders, values), "LICENSE": publication.licence_text(values)}
