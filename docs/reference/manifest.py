"""The page of manifest keys, made of the schema that editors use."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ion_framework.domain.template import GUIDANCE_NAMES, SYSTEM_NAMES
from ion_framework.manifest.schema import manifest_schema

from .prose import cell, inline

SCHEMA_FILE = "ion-plugin.schema.json"
_PREFIX = "#/definitions/"


def page() -> str:
    """The page."""
    return "\n".join(_lines(manifest_schema()))


def _lines(schema: Mapping[str, Any]) -> Iterator[str]:
    yield "# The manifest: `ion-plugin.toml`\n"
    yield (
        "It lies beside the package's `__init__.py` and is read without an import. An unknown key "
        "is an error. Editors that know JSON Schema complete and check it by "
        f"[{SCHEMA_FILE}]({SCHEMA_FILE}), which `ion plugins schema` prints too; put "
        "`#:schema ion-plugin.schema.json` on the file's first line.\n"
    )
    yield _table(schema)
    for name, definition in schema["definitions"].items():
        yield f"\n## {name}\n"
        yield f"{inline(definition['description'])}\n"
        yield _table(definition)
    yield "\n## Placeholders of prompts\n"
    for key, names in (("system", SYSTEM_NAMES), ("guidance", GUIDANCE_NAMES)):
        shown = ", ".join(f"`{{{{{name}}}}}`" for name in names)
        yield f"`persona.prompts.{key}` may use {shown}.\n"


def _table(schema: Mapping[str, Any]) -> str:
    rows = ["| key | type | required | meaning |", "|---|---|---|---|"]
    required = schema.get("required", ())
    for name, item in schema["properties"].items():
        rows.append(
            f"| `{name}` | {cell(shown_type(item))} | {'yes' if name in required else ''} "
            f"| {cell(item.get('description', ''))} |"
        )
    return "\n".join(rows)


def shown_type(schema: Mapping[str, Any]) -> str:
    """The type that a schema allows, in words."""
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(map(shown_type, schema["anyOf"])))
    if "allOf" in schema:
        name = schema["allOf"][0]["$ref"].removeprefix(_PREFIX)
        return f"[{name}](#{name.lower()})"
    if "enum" in schema:
        return " or ".join(f"``{value}``" for value in schema["enum"])
    if schema.get("type") == "array":
        return f"list of {shown_type(schema['items'])}"
    if schema.get("type") == "object":
        return _table_type(schema)
    return f"{schema.get('type', 'any')}{_range(schema)}"


def _table_type(schema: Mapping[str, Any]) -> str:
    names = list(schema.get("properties", ()))
    if names == ["file"]:
        return '``{ file = "…" }``'
    if names:
        inner = shown_type(schema["properties"][names[0]])
        return f"table of {inner} by {', '.join(names)}"
    return f"table of {shown_type(schema['additionalProperties'])} by name"


def _range(schema: Mapping[str, Any]) -> str:
    if "const" in schema:
        return f" {schema['const']}"
    low = schema.get("minimum", schema.get("exclusiveMinimum"))
    high = schema.get("maximum", schema.get("exclusiveMaximum"))
    if low is None and high is None:
        return ""
    above = "above " if "exclusiveMinimum" in schema else ""
    return f", {above}{low} to {high}" if high is not None else f", {above}{low} or more"
