"""A page for every distribution of this repository: its README, in English and in Korean.

Links to files of the repository become plain words: the site has no such files.
"""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
KINDS = ("hosts", "perf", "personas", "plugins")
_LINK = re.compile(r"\[([^\]]+)\]\((?!https?:|#|mailto:)[^)\s]+\)")


def pages() -> dict[str, str]:
    """The pages by their addresses."""
    found = {}
    for kind in KINDS:
        for readme in sorted((ROOT / kind).glob("*/*.md"), key=_place):
            if not (readme.parent / "pyproject.toml").exists():
                continue
            name = readme.parent.name if readme.name == "README.md" else readme.stem.lower()
            found[f"{kind}/{name}.md"] = _LINK.sub(r"\1", readme.read_text("utf-8"))
    return found


def _place(readme: Path) -> tuple[str, bool, str]:
    """A README goes before what else is told of its distribution."""
    return readme.parent.name, readme.name != "README.md", readme.name
