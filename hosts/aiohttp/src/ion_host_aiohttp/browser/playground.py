"""``/playground``: a page to talk to the personas and to see why they answer as they do."""

from __future__ import annotations

import hashlib
from functools import cache
from html import escape
from importlib.resources import files
from typing import Annotated, Any, Literal, get_args

import attrs
import msgspec
from aiohttp import hdrs, web

from ion_host_aiohttp.api.endpoint import Answer, Call, Endpoint, ErrorStyle
from ion_host_aiohttp.errors.messages import say
from ion_host_aiohttp.errors.problem import DEFAULT_LANGUAGE
from ion_host_aiohttp.service import Service

PLAYGROUND = "/playground"
FileName = Literal[
    "api.js",
    "chat.js",
    "dom.js",
    "feedback.js",
    "main.js",
    "playground.css",
    "receipt.js",
    "sessions.js",
    "storage.js",
    "texts.js",
]
"""The files that are served."""

# Images: the empty icon. Everything else is the host's own file; nothing stands in the page.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_TITLE = say("playground_title")
_KEPT = "public, max-age=31536000, immutable"
_MEDIA_TYPES = {"js": "text/javascript", "css": "text/css"}
_DIGITS = 32
_YES_NO = {True: "yes", False: "no"}


@attrs.frozen
class _Files:
    """The page and what it loads.

    Attributes:
        page: the page, with gaps.
        bodies: the files by name.
        digest: of all of them, because they name each other: hexadecimal.
    """

    page: str
    bodies: dict[str, bytes]
    digest: str


@cache
def _files() -> _Files:
    """What is shipped, read at most once."""
    folder = files("ion_host_aiohttp").joinpath("browser", "playground")
    bodies = {name: folder.joinpath(name).read_bytes() for name in get_args(FileName)}
    digest = hashlib.sha256(b"\0".join(bodies.values())).hexdigest()[:_DIGITS]
    return _Files(folder.joinpath("playground.html").read_text("utf-8"), bodies, digest)


async def show_playground(call: Call[None], service: Service) -> Answer:
    """Give the page."""
    telling = service.catalogue.telling(call.asked, DEFAULT_LANGUAGE)
    found = _files()
    html = found.page.format(
        language=telling.language_of(_TITLE),
        title=escape(telling.text(_TITLE)),
        noscript=escape(telling.text(say("playground_script"))),
        assets=f"{PLAYGROUND}/assets/{found.digest}",
        conversations=_YES_NO[service.conversations is not None],
        key=_YES_NO[service.authenticator.required],
        most=service.limits.message_chars,
    )
    headers = {
        "Content-Security-Policy": POLICY,
        hdrs.CONTENT_LANGUAGE: telling.content_language,
        hdrs.VARY: hdrs.ACCEPT_LANGUAGE,
    }
    return Answer(body=html.encode(), media_type="text/html", headers=headers)


async def show_file(call: Call[None], service: Service) -> Answer:  # noqa: ARG001  a handler's signature
    """Give a script or the style sheet of the page.

    Raises:
        HTTPNotFound: the address names another version of the files than there is.
    """
    found, name = _files(), call.path["name"]
    if found.digest != call.path["digest"]:
        raise web.HTTPNotFound
    media_type = _MEDIA_TYPES[name.rpartition(".")[2]]
    return Answer(
        body=found.bodies[name], media_type=media_type, headers={hdrs.CACHE_CONTROL: _KEPT}
    )


def _hidden(path: str, handler: Any, summary: str, media_type: str, **more: Any) -> Endpoint[Any]:
    """An endpoint that is no part of the API; it costs nothing, as files do."""
    return Endpoint(
        method="GET",
        path=path,
        handler=handler,
        style=ErrorStyle.V1,
        summary=summary,
        media_type=media_type,
        scope=None,
        cost=0,
        hidden=True,
        **more,
    )


PLAYGROUND_PAGES: tuple[Endpoint[Any], ...] = (
    _hidden(PLAYGROUND, show_playground, "A page to talk to the personas.", "text/html"),
    _hidden(
        PLAYGROUND + "/assets/{digest}/{name}",
        show_file,
        "Scripts and the style sheet of the chat page.",
        "application/octet-stream",
        parameters={
            "digest": Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{32}$")],
            "name": FileName,
        },
    ),
)
"""The page and its files; what turning it off turns off."""
