"""Assets that a card names by where they stand in its own file: images, sounds."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from ion_framework.cards.lowering import lift
from ion_framework.cards.remarks import Kind, Remark, listed

EMBEDDED = "embeded://"
"""The beginning of an asset's address inside an archive; the spelling is the specification's."""

CHUNK = "__asset:"
"""The beginning of an asset's address inside an image."""


def embedded(data: Mapping[str, Any]) -> tuple[str, ...]:
    """The assets that a card says are in its file, by their addresses."""
    listed_assets = data.get("assets")
    items = listed_assets if isinstance(listed_assets, list) else []
    uris = (item.get("uri") for item in items if isinstance(item, Mapping))
    return tuple(uri for uri in uris if isinstance(uri, str) and uri.startswith((EMBEDDED, CHUNK)))


def asset_remarks(document: Mapping[str, Any], held: Collection[str]) -> tuple[Remark, ...]:
    """What is to be said of the assets of a card that are not in its file.

    Args:
        document: the card's JSON, whatever version it is of.
        held: the paths of those that are in the file.
    """
    data = lift(document).get("data")
    named = embedded(data) if isinstance(data, Mapping) else ()
    missing = [uri for uri in named if uri.removeprefix(EMBEDDED).removeprefix(CHUNK) not in held]
    return (Remark(Kind.ASSETS, {"names": listed(missing)}),) if missing else ()
