"""The JSON Schema of ``ion-plugin.toml``, for editors: made of the classes that read the file.

An editor completes and checks with it while somebody writes. It says less than reading does: what
one key has to do with another (a persona's table and ``provides``, a setting's default and its
type) is found when the manifest is read.
"""

from __future__ import annotations

import types
from collections.abc import Mapping
from decimal import Decimal
from enum import Enum
from typing import Any, Union, get_args, get_origin, get_type_hints

import attrs

from ion_framework.docstrings import fields_of, summary_of
from ion_framework.domain.lorebook import Lorebook, LoreEntry
from ion_framework.domain.persona import (
    Example,
    Localized,
    LocalizedList,
    Persona,
    PersonaPrompts,
    Voice,
)
from ion_framework.manifest.model import (
    API_MAJOR,
    CommandSpec,
    Manifest,
    PersonaTable,
    PromptTable,
    VoiceTable,
)
from ion_framework.manifest.persona import NAME_PATTERN
from ion_framework.settings.model import NOT_IN_FILES

DIALECT = "http://json-schema.org/draft-07/schema#"
"""The newest dialect that editors of TOML understand."""

Schema = dict[str, Any]

_DOCUMENTED_BY: Mapping[type, type] = {
    PersonaTable: Persona,
    PromptTable: PersonaPrompts,
    VoiceTable: Voice,
}
"""Classes that mirror a table and leave it to another to say what its keys mean."""

_FILE: Schema = {
    "type": "object",
    "properties": {
        "file": {"type": "string", "description": "Path of a UTF-8 file inside the package."}
    },
    "required": ["file"],
    "additionalProperties": False,
}
_TEXT: Schema = {"anyOf": [{"type": "string"}, _FILE]}
_IN_FILES: Mapping[type, tuple[str, ...]] = {Example: ("user", "reply"), LoreEntry: ("content",)}
"""Keys of a persona's tables whose text in one language may stand in a file."""

_NAMES: Schema = {"type": "string", "pattern": f"^{NAME_PATTERN}$", "maxLength": 64}
_BOUNDS = {">=": "minimum", "<=": "maximum", ">": "exclusiveMinimum", "<": "exclusiveMaximum"}


def manifest_schema() -> Schema:
    """The schema of a whole manifest."""
    made = _Schemas()
    root = made.table(Manifest)
    root["properties"]["name"] |= _NAMES
    root["properties"]["ion_api"] |= {"const": API_MAJOR}
    return {
        "$schema": DIALECT,
        "title": "ion-plugin.toml",
        "description": "The manifest of a plugin of ION.",
        **root,
        "definitions": dict(sorted(made.definitions.items())),
    }


class _Schemas:
    """The schemas of classes, each made once."""

    def __init__(self) -> None:
        self.definitions: dict[str, Schema] = {}

    def of(self, kind: Any) -> Schema:
        """The schema of a type that a manifest may hold."""
        written = self._written(kind)
        if written is not None:
            return written
        if attrs.has(kind):
            return self._reference(kind)
        if isinstance(kind, type) and issubclass(kind, Enum):
            return {"type": "string", "enum": [member.value for member in kind]}
        return self._plain(kind)

    def _written(self, kind: Any) -> Schema | None:
        """The schema of what may be written in more than one way, None for all else."""
        if kind == Localized:
            return _per_language(_TEXT)
        if kind == LocalizedList:
            return _per_language({"type": "array", "items": _TEXT})
        if kind is Persona:  # what becomes of the table
            return self._reference(PersonaTable)
        if kind is Lorebook:
            book = {"anyOf": [self._reference(kind), _FILE]}
            return {"anyOf": [*book["anyOf"], {"type": "array", "items": book}]}
        if kind is CommandSpec:
            return {"anyOf": [{"type": "string"}, self._reference(kind)]}
        return None

    def table(self, kind: type) -> Schema:
        """The schema of a class that stands for a table."""
        told = fields_of(_DOCUMENTED_BY.get(kind, kind)) | fields_of(kind)
        hints = get_type_hints(kind)
        fields = [field for field in attrs.fields(kind) if NOT_IN_FILES not in field.metadata]
        properties = {
            field.name: self.of(hints[field.name]) | _limits(field.validator) for field in fields
        }
        properties |= {name: dict(_TEXT) for name in _IN_FILES.get(kind, ())}
        for name, schema in properties.items():
            if name in told:
                schema["description"] = told[name]
        return {
            "type": "object",
            "properties": properties,
            "required": [field.name for field in fields if field.default is attrs.NOTHING],
            "additionalProperties": False,
        }

    def _reference(self, kind: type) -> Schema:
        if kind.__name__ not in self.definitions:
            self.definitions[kind.__name__] = {}  # before its fields, which may lead back to it
            self.definitions[kind.__name__] |= {"description": summary_of(kind)} | self.table(kind)
        # Beside a plain reference other keywords count for nothing in this dialect.
        return {"allOf": [{"$ref": f"#/definitions/{kind.__name__}"}]}

    def _plain(self, kind: Any) -> Schema:
        arguments = get_args(kind)
        if get_origin(kind) in {Union, types.UnionType}:
            options = [self.of(item) for item in arguments if item is not type(None)]
            return options[0] if len(options) == 1 else {"anyOf": options}
        if get_origin(kind) is tuple:
            return {"type": "array", "items": self.of(arguments[0])}
        if arguments:  # a mapping
            return self._mapping(*arguments)
        return dict(_SCALARS[kind])

    def _mapping(self, key: Any, value: Any) -> Schema:
        schema: Schema = {"type": "object"}
        if isinstance(key, type) and issubclass(key, Enum):
            names = {member.value: self.of(value) for member in key}
            return schema | {"properties": names, "additionalProperties": False}
        return schema | {"additionalProperties": self.of(value)}


_SCALARS: dict[Any, Schema] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": "number"},
    bool: {"type": "boolean"},
    Decimal: {"type": "number", "minimum": 0, "maximum": 1},
}


def _per_language(value: Schema) -> Schema:
    from ion_framework.domain.language import Language

    names = {language.value: value for language in Language}
    table: Schema = {"type": "object", "properties": names, "additionalProperties": False}
    return {"anyOf": [*value.get("anyOf", [value]), table]}


def _limits(validator: Any) -> Schema:
    """The bounds of a number, as the validators of its field state them."""
    if validator is None:
        return {}
    inner = getattr(validator, "validator", None)  # of one that lets None pass
    parts = getattr(validator, "_validators", (inner,) if inner is not None else ())
    found: Schema = {}
    for part in parts:
        found |= _limits(part)
    if hasattr(validator, "bound"):
        found[_BOUNDS[validator.compare_op]] = validator.bound
    return found
