"""What docstrings say of a class and of its fields, as Markdown."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping

_SECTION = re.compile(r"^(?:Attributes|Args|Raises|Returns):$", re.MULTILINE)
_ATTRIBUTES = re.compile(r"^Attributes:\n((?:[ ]{4}.*\n?|\n)+)", re.MULTILINE)
_ATTRIBUTE = re.compile(r"^ {4}(\w+): (.+(?:\n {8,}\S.*)*)", re.MULTILINE)


def description_of(kind: type) -> str:
    """What a class is: its docstring up to the first section."""
    return markdown(_SECTION.split(_docstring(kind), maxsplit=1)[0].strip())


def attributes_of(kind: type) -> Mapping[str, str]:
    """What the fields of a class mean, by their names; those of its bases included."""
    found: dict[str, str] = {}
    for base in reversed(kind.__mro__):
        section = _ATTRIBUTES.search(_docstring(base))
        if section is not None:
            for name, text in _ATTRIBUTE.findall(section[1]):
                found[name] = _sentence(" ".join(text.split()))
    return found


def markdown(text: str) -> str:
    """Words of reStructuredText as Markdown: ``code`` with one backquote."""
    return text.replace("``", "`")


def _sentence(text: str) -> str:
    """A field's text, which begins small in code, as a sentence."""
    return markdown(text[:1].upper() + text[1:])


def _docstring(kind: type) -> str:
    """A class's own docstring, not that of a base."""
    found = vars(kind).get("__doc__")
    return inspect.cleandoc(found) if isinstance(found, str) else ""
