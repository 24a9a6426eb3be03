"""An example of a request's body, made of what its schema says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ion_host_aiohttp.openapi.schemas import REFERENCE, Schema

_DEEPEST = 16


def example_of(schema: Schema, components: Mapping[str, Schema], depth: int = 0) -> Any:
    """A value that fits a schema: what it names as an example or default, else the simplest.

    Of an object come the members that it needs and those that have an example of their own.
    """
    for name in ("examples", "enum"):
        if schema.get(name):
            return schema[name][0]
    if "$ref" in schema:
        return example_of(components[schema["$ref"].removeprefix(REFERENCE)], components, depth + 1)
    for name in ("const", "default"):
        if name in schema:
            return schema[name]
    if "anyOf" in schema:
        return example_of(schema["anyOf"][0], components, depth + 1)
    if depth > _DEEPEST:
        return None
    return _by_type(schema, components, depth)


def _by_type(schema: Schema, components: Mapping[str, Schema], depth: int) -> Any:
    match schema.get("type"):
        case "object":
            return {
                name: example_of(item, components, depth + 1)
                for name, item in schema.get("properties", {}).items()
                if name in schema.get("required", ()) or _has_example(item, components, depth)
            }
        case "array":
            number = max(1, schema.get("minItems", 0))
            return [example_of(schema.get("items", {}), components, depth + 1)] * number
        case "string":
            return ("text" * schema.get("minLength", 1))[: max(4, schema.get("minLength", 1))]
        case "integer" | "number":
            return schema.get("minimum", 1)
        case "boolean":
            return True
    return None


def _has_example(schema: Schema, components: Mapping[str, Schema], depth: int) -> bool:
    """Whether somebody wrote an example for a member, or for a part of it."""
    if depth > _DEEPEST:
        return False
    if "$ref" in schema:
        schema = components[schema["$ref"].removeprefix(REFERENCE)]
    parts = [*schema.get("anyOf", ()), *schema.get("properties", {}).values()]
    return bool(schema.get("examples")) or any(
        _has_example(part, components, depth + 1) for part in parts
    )
