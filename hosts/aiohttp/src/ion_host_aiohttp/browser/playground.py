"""``/playground``: a page to talk to the personas and to see why they answer as they do."""

from __future__ import annotations

from functools import cache
from html import escape
from importlib.resources import files
from typing import Any, Literal, get_args

import attrs

from ion_host_aiohttp.api.endpoint import Answer, Call, Endpoint
from ion_host_aiohttp.browser.assets import Asset, digest_of, media_type_of
from ion_host_aiohttp.browser.serving import (
    file_answer,
    files_endpoint,
    page_answer,
    page_endpoint,
)
from ion_host_aiohttp.errors.messages import say
from ion_host_aiohttp.errors.problem import DEFAULT_LANGUAGE
from ion_host_aiohttp.service import Service

PLAYGROUND = "/playground"
FileName = Literal[
    "api.js",
    "asking.js",
    "base.css",
    "chat.js",
    "composer.js",
    "dom.js",
    "errors.js",
    "events.js",
    "feedback.js",
    "host-shelf.js",
    "host.js",
    "key-form.js",
    "main.js",
    "markdown-tables.js",
    "markdown-words.js",
    "markdown.css",
    "markdown.js",
    "notice.js",
    "page-shelf.js",
    "picker.js",
    "playground.css",
    "receipt.css",
    "receipt.js",
    "sessions.js",
    "shelf.js",
    "socket.js",
    "storage.js",
    "stream.js",
    "texts.js",
    "theme.js",
    "turn-view.js",
    "turn.js",
    "words.js",
]
"""The files that are served."""

# Images: the empty icon. Everything else is the host's own file; nothing stands in the page.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_TITLE = say("playground_title")
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
    digest = digest_of(b"\0".join(bodies.values()))
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
    return page_answer(html, POLICY, telling)


async def show_file(call: Call[None], service: Service) -> Answer:  # noqa: ARG001  a handler's signature
    """Give a script or the style sheet of the page.

    Raises:
        HTTPNotFound: the address names another version of the files than there is.
    """
    found, name = _files(), call.path["name"]
    asset = Asset(found.bodies[name], media_type_of(name), found.digest)
    return file_answer(asset, call.path["digest"])


PLAYGROUND_PAGES: tuple[Endpoint[Any], ...] = (
    page_endpoint(PLAYGROUND, show_playground, "A page to talk to the personas."),
    files_endpoint(
        PLAYGROUND, FileName, show_file, "Scripts and the style sheet of the chat page."
    ),
)
"""The page and its files; what turning it off turns off."""
