"""Writing manifests: plain values as TOML, and a persona's table without what goes without saying.

What is written here reads back as the same values, whatever characters texts hold; only a lone half
of a surrogate pair, which has no UTF-8, has to be taken out before.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from ion_framework.domain.persona import Affinities, Persona, PersonaPrompts
from ion_framework.manifest.model import API_MAJOR, Kind
from ion_framework.manifest.persona import table_of

Table = Mapping[str, object]


def persona_manifest(name: str, summary: str, persona: Table) -> str:
    """The text of the manifest of a persona that is all data.

    Args:
        name: name of the plugin and the persona.
        summary: one line.
        persona: its ``[persona]`` table; ``{"file": "…"}`` stands for the text of a file.
    """
    return toml_text(
        {
            "name": name,
            "summary": summary,
            "provides": [Kind.PERSONA.value],
            "ion_api": API_MAJOR,
            "persona": persona,
        }
    )


def lean_table(persona: Persona) -> dict[str, object]:
    """The shortest ``[persona]`` table that makes this persona: without what is as by default."""
    return {
        name: _lean(value)
        for name, value in table_of(persona).items()
        if getattr(persona, name) != getattr(_BLANK, name) and not _is_empty(_lean(value))
    }


_BLANK = Persona("", "", {}, {}, {}, {}, Affinities(), PersonaPrompts({}))


def toml_text(table: Table) -> str:
    """A table as the text of a TOML file: simple values first, then tables, in their order."""
    return "\n".join(_lines(table, ())).strip("\n") + "\n"


def _lean(value: object) -> object:
    """A value without empty members of tables; those in lists are all needed."""
    if isinstance(value, Mapping):
        lean = {key: _lean(item) for key, item in value.items()}
        return {key: item for key, item in lean.items() if not _is_empty(item)}
    return value


def _is_empty(value: object) -> bool:
    return value is None or (isinstance(value, str | Mapping | list) and not value)


def _lines(table: Table, path: tuple[str, ...]) -> Iterator[str]:
    later = {key: item for key, item in table.items() if _is_block(item)}
    yield from (f"{_key(key)} = {_value(item)}" for key, item in table.items() if key not in later)
    for key, item in later.items():
        inner = (*path, key)
        heading = ".".join(map(_key, inner))
        if isinstance(item, Mapping):
            if any(not _is_block(value) for value in item.values()) or not item:
                yield f"\n[{heading}]"
            yield from _lines(item, inner)
        elif isinstance(item, Sequence):
            for each in item:
                yield f"\n[[{heading}]]"
                yield from _lines(each, inner)


def _is_block(value: object) -> bool:
    """Whether a value is written under a heading of its own."""
    if isinstance(value, list):
        return bool(value) and all(isinstance(item, Mapping) and _is_block(item) for item in value)
    return isinstance(value, Mapping) and set(value) != {"file"}


def _key(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else _string(key)


def _value(value: object) -> str:
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, Mapping):
        members = (f"{_key(key)} = {_value(item)}" for key, item in value.items())
        return "{ " + ", ".join(members) + " }" if value else "{}"
    if isinstance(value, Sequence):
        return _list([_value(item) for item in value])
    raise TypeError(f"{type(value).__name__} has no form in TOML")


def _list(items: list[str]) -> str:
    line = "[" + ", ".join(items) + "]"
    if len(line) <= _LINE and "\n" not in line:
        return line
    return "[\n" + "".join(f"    {item},\n" for item in items) + "]"


_LINE = 90


def _text(text: str) -> str:
    if "\n" not in text:
        return _string(text)
    return '"""\n' + _escaped(text, keep="\n").replace('""', '"\\"') + '"""'


def _string(text: str) -> str:
    return '"' + _escaped(text).replace('"', '\\"') + '"'


def _escaped(text: str, keep: str = "") -> str:
    return "".join(
        c if c in keep else _ESCAPES.get(c) or (f"\\u{ord(c):04X}" if _is_control(c) else c)
        for c in text
    )


_ESCAPES = {"\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}


def _is_control(character: str) -> bool:
    return character < " " or "\x7f" <= character <= "\x9f"
