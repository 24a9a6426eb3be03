"""The scripts and styles of the documentation's pages, which come with the host."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.resources import files
from typing import Literal

import attrs

AssetName = Literal[
    "docs.js",
    "favicon-32x32.png",
    "page.css",
    "redoc.js",
    "redoc.standalone.js",
    "swagger-ui-bundle.js",
    "swagger-ui.css",
]
"""The files that are served."""

_FOLDERS = {
    "docs.js": "page",
    "favicon-32x32.png": "swagger-ui",
    "page.css": "page",
    "redoc.js": "page",
    "redoc.standalone.js": "redoc",
    "swagger-ui-bundle.js": "swagger-ui",
    "swagger-ui.css": "swagger-ui",
}
_MEDIA_TYPES = {"js": "text/javascript", "css": "text/css", "png": "image/png"}
_DIGITS = 32


@attrs.frozen
class Asset:
    """A file that is served.

    Attributes:
        body: its bytes.
        media_type: what they are.
        digest: names them in the address, so that a copy may be kept for ever: hexadecimal.
    """

    body: bytes
    media_type: str
    digest: str


@cache
def asset(name: AssetName) -> Asset:
    """A file, read at most once."""
    folder = files("ion_host_aiohttp").joinpath("browser", "assets", _FOLDERS[name])
    body = folder.joinpath(name).read_bytes()
    return Asset(body, media_type_of(name), digest_of(body))


def media_type_of(name: str) -> str:
    """What the bytes of a shipped file are, by the ending of its name."""
    return _MEDIA_TYPES[name.rpartition(".")[2]]


def digest_of(content: bytes) -> str:
    """What names a version of a file, or of several, in an address: hexadecimal."""
    return hashlib.sha256(content).hexdigest()[:_DIGITS]
