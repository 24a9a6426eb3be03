"""Packages of plugins that misbehave, installed beside the real ones for one host."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping

from ion_framework.testing.packages import MANIFEST, PluginPackage, environment_with
from perf.reliability.promise import Setting

PERSONA = """
[persona]
rank = 1
description = { en = "Made to misbehave.", ko = "시험용." }
[persona.prompts.system]
en = "You are {{persona_name}}."
ko = "당신은 {{persona_name}}입니다."
[persona.affinities]
tone = { calm = 1.0, frustrated = 0.0 }
pace = { medium = 1.0, flowing = 0.0 }
intent = { learning = 1.0 }
"""
"""A persona that wins `OWN_KEY`, and loses `OTHER_KEY` against the four of this repository."""

OWN_KEY, OTHER_KEY = "calm-medium-learning", "frustrated-flowing-seek_advice"


def manifest(name: str, *kinds: str, persona: bool = False) -> str:
    """A manifest.

    Args:
        name: the plugin.
        kinds: what it provides.
        persona: whether it is a persona, too.
    """
    text = MANIFEST.format(name=name, kind='", "'.join(kinds))
    return text + (PERSONA if persona else "")


def installed(setting: Setting, packages: Iterable[PluginPackage]) -> Mapping[str, str]:
    """Install packages for a host; the variables that it is to be started with.

    Args:
        setting: of the check; the packages go into its folder.
        packages: the packages.
    """
    folder = setting.folder / "packages"
    for package in packages:
        package.write(folder)
    return {"PYTHONPATH": environment_with(folder, os.environ)["PYTHONPATH"]}
