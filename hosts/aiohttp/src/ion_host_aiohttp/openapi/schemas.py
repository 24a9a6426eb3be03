"""JSON Schemas of request and response classes, as msgspec decodes and the host encodes them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import attrs
import msgspec

from ion_host_aiohttp.api.strict import is_strict
from ion_host_aiohttp.openapi.docstrings import attributes_of, description_of
from ion_host_aiohttp.service import ServiceLimits

Schema = dict[str, Any]

REFERENCE = "#/components/schemas/"
LIMIT = "x-ion-limit"
"""Member of a schema that names a field of `ServiceLimits`: the most characters or items that the
operator allows. In the document stands the number."""

_OWN = "ion_host_aiohttp."
_FOREIGN = re.compile(r"[^A-Za-z0-9._-]")
_DECIMAL = {"type": "string", "format": "decimal"}


@attrs.frozen
class Schemas:
    """Schemas of several types, with what they refer to.

    Attributes:
        roots: the schema of each type, in the order asked for.
        components: what they refer to, by name.
    """

    roots: tuple[Schema, ...]
    components: Mapping[str, Schema]


def schemas_of(types: Sequence[Any], limits: ServiceLimits) -> Schemas:
    """The schemas of types.

    Args:
        types: request and response classes.
        limits: what the operator allows; fills in what schemas leave open.

    Raises:
        TypeError: a type has no schema.
    """
    roots, found = msgspec.json.schema_components(types, ref_template=REFERENCE + "{name}")
    for kind in _classes(types):
        _document(found, kind)
    names = {name: _FOREIGN.sub("_", name.removeprefix(_OWN)) for name in found}
    finish = _Finish(names, limits)
    components = {names[name]: finish(schema) for name, schema in found.items()}
    return Schemas(tuple(finish(root) for root in roots), dict(sorted(components.items())))


def _document(found: dict[str, Schema], kind: type) -> None:
    """Put what the docstring of a class says into its schema."""
    long = f"{kind.__module__}.{kind.__qualname__}"
    schema = found.get(long, found.get(kind.__name__))
    if schema is None:
        return
    schema.pop("description", None)
    if is_strict(kind):
        schema["additionalProperties"] = False
    if text := description_of(kind):
        schema["description"] = text
    properties = schema.get("properties", {})
    for name, meaning in attributes_of(kind).items():
        if name in properties:
            properties[name].setdefault("description", meaning)


def _classes(types: Sequence[Any]) -> Iterator[type]:
    """Every class with fields that types are made of, each once."""
    seen: set[type] = set()
    left: list[object] = list(msgspec.inspect.multi_type_info(types))
    while left:
        item = left.pop()
        if isinstance(item, msgspec.inspect.StructType | msgspec.inspect.DataclassType):
            if item.cls in seen:
                continue
            seen.add(item.cls)
            yield item.cls
        if isinstance(item, msgspec.inspect.Type | msgspec.inspect.Field):
            left += [getattr(item, name) for name in item.__struct_fields__]
        elif isinstance(item, tuple):
            left += item


@attrs.frozen
class _Finish:
    """Makes a schema true of this host.

    Attributes:
        names: the names of components in the document, by those that msgspec gave.
        limits: what the operator allows.
    """

    names: Mapping[str, str]
    limits: ServiceLimits

    def __call__(self, schema: Schema) -> Schema:
        """The schema as it stands in the document."""
        if {name: schema.get(name) for name in _DECIMAL} == _DECIMAL:
            # The host writes a Decimal as a number, and reads either.
            schema = {k: v for k, v in schema.items() if k not in _DECIMAL} | {"type": "number"}
        if LIMIT in schema:
            schema = dict(schema)
            most = getattr(self.limits, schema.pop(LIMIT))
            schema["maxItems" if schema.get("type") == "array" else "maxLength"] = most
        return {name: self._value(name, value) for name, value in schema.items()}

    def _value(self, name: str, value: Any) -> Any:
        if name == "$ref":
            return REFERENCE + self.names[value.removeprefix(REFERENCE)]
        if name in _VERBATIM:
            return value
        if isinstance(value, dict):
            if name in _BY_NAME:
                return {key: self(item) for key, item in value.items()}
            return self(value)
        if isinstance(value, list):
            return [self(item) if isinstance(item, dict) else item for item in value]
        return value


_VERBATIM = frozenset({"default", "enum", "const", "example", "examples", "required"})
"""Members of a schema that hold values, not schemas."""
_BY_NAME = frozenset({"properties", "patternProperties", "$defs"})
"""Members of a schema that hold schemas by names of the author's choice."""
