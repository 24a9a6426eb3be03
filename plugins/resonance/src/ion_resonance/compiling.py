"""Writes the compiled lexicons: ``python -m ion_resonance.compiling``, after an edit of their TOML.

The bytes follow from the TOML files alone, so that two people who compile the same cues write the
same files.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ion_resonance.indexing import heading_of, rest_of
from ion_resonance.lexicon import parse
from ion_resonance.packaged import COMMON, languages, texts
from ion_resonance.tables import COMPILED, digest

LEXICONS = Path(__file__).with_name("lexicon")


def compiled(folder: Path) -> str:
    """What the compiled file of a folder has to say: two lines of JSON."""
    sources = texts(folder)
    lexicon = parse(folder.name, *sources)
    heading = {"of": digest(sources), **heading_of(lexicon)}
    return f"{_line(heading)}\n{_line(rest_of(lexicon))}\n"


def compile_all(lexicons: Path = LEXICONS) -> list[Path]:
    """Write the compiled file of every lexicon; returns those that were out of date."""
    changed = []
    for name in (*languages(), COMMON):
        file, text = lexicons / name / COMPILED, compiled(lexicons / name)
        if not file.is_file() or file.read_text(encoding="utf-8") != text:
            file.write_text(text, encoding="utf-8", newline="\n")
            changed.append(file)
    return changed


def main(arguments: Sequence[str] | None = None) -> int:
    """Compile; says what was written."""
    parser = argparse.ArgumentParser(prog="python -m ion_resonance.compiling", description=__doc__)
    parser.parse_args(arguments)
    for file in compile_all():
        print(f"{file.relative_to(LEXICONS)} written")  # noqa: T201  what a command says
    return 0


def _line(said: Any) -> str:
    return json.dumps(said, ensure_ascii=False, separators=(",", ":"))


if __name__ == "__main__":
    raise SystemExit(main())
