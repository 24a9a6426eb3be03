"""A persona that answers everything and whose answers grow old in seconds."""

from __future__ import annotations

from pathlib import Path

from ion_framework.testing.packages import PERSONA_MANIFEST, PluginPackage

NAME = "mayfly"

_DRAWN_TO_EVERYTHING = """
[persona.affinities.tone]
calm = 1.0
curious = 1.0
analytical = 1.0
[persona.affinities.pace]
burst = 1.0
flowing = 1.0
contemplative = 1.0
medium = 1.0
[persona.affinities.intent]
learning = 1.0
problem_solving = 1.0
seek_advice = 1.0
[persona.cache]
ttl_s = {ttl_s}
"""


def install_mayfly(folder: Path, ttl_s: int) -> dict[str, str]:
    """Write it as an installed package; gives the variables by which a process finds it.

    Args:
        folder: a folder of installed packages, made where it is missing.
        ttl_s: seconds that its answers are fresh.
    """
    manifest = PERSONA_MANIFEST.format(name=NAME) + _DRAWN_TO_EVERYTHING.format(ttl_s=ttl_s)
    PluginPackage(name=NAME, manifest=manifest).write(folder)
    others = ("ion-persona-elro", "ion-persona-lua", "ion-persona-nana", "ion-persona-riri")
    return {"PYTHONPATH": str(folder), "ION_PLUGINS_DISABLE": ",".join((*others, "offline"))}
