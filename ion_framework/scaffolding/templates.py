"""The template files: which there are, and what the files made of them are called.

A folder of ``templates/`` holds what one kind of package has. A file ``NAME.tmpl`` becomes
``NAME``; in paths ``dot_`` at the beginning of a part stands for a dot, ``__package__`` for the
package's import name and ``__module__`` for the plugin's name as Python writes it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from ion_framework.scaffolding.rendering import render

FOLDER = Path(__file__).with_name("templates")
SUFFIX = ".tmpl"


def template(name: str) -> str:
    """The text of one template by its path inside ``templates/``, without the suffix."""
    return (FOLDER / f"{name}{SUFFIX}").read_text("utf-8")


def rendered(folders: Iterable[str], values: Mapping[str, str]) -> dict[str, str]:
    """The files that folders of templates make, by path inside the package's folder.

    Args:
        folders: names of folders; of two files with one path, that of the later folder is taken.
        values: what the marks of the templates stand for.
    """
    files: dict[str, str] = {}
    for folder in folders:
        root = FOLDER / folder
        for file in sorted(root.rglob(f"*{SUFFIX}")):
            path = _path(file.relative_to(root), values)
            files[path] = _ended(render(file.read_text("utf-8"), values))
    return files


def _ended(text: str) -> str:
    """A text that ends with one line end, whatever its last value brought; empty stays empty."""
    return text.rstrip("\n") + "\n" if text else text


def _path(file: Path, values: Mapping[str, str]) -> str:
    parts = (_part(part, values) for part in file.with_suffix("").parts)
    return "/".join(parts)


def _part(part: str, values: Mapping[str, str]) -> str:
    if part.startswith("dot_"):
        part = "." + part.removeprefix("dot_")
    return part.replace("__package__", values["package"]).replace("__module__", values["module"])
