"""``/playground``: a page to talk to the personas and to see why they answer as they do."""

from __future__ import annotations

from functools import cache
from html import escape
from typing import Any, Literal, get_args

from ion_host_aiohttp.api.endpoint import Answer, Call, Endpoint
from ion_host_aiohttp.browser.page_files import POLICY, YES_NO, PageFiles, read_page
from ion_host_aiohttp.browser.serving import files_endpoint, page_answer, page_endpoint
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
    "language.js",
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

_TITLE = say("playground_title")


@cache
def _files() -> PageFiles:
    """What is shipped, read at most once."""
    return read_page("playground", get_args(FileName), {})


async def show_playground(call: Call[None], service: Service) -> Answer:
    """Give the page."""
    telling = service.catalogue.telling(call.asked, DEFAULT_LANGUAGE)
    found = _files()
    html = found.page.format(
        language=telling.language_of(_TITLE),
        title=escape(telling.text(_TITLE)),
        noscript=escape(telling.text(say("playground_script"))),
        assets=f"{PLAYGROUND}/assets/{found.digest}",
        conversations=YES_NO[service.conversations is not None],
        key=YES_NO[service.authenticator.required],
        most=service.limits.message_chars,
    )
    return page_answer(html, POLICY, telling)


async def show_file(call: Call[None], service: Service) -> Answer:
    """Give a script or a style sheet of the page.

    Raises:
        HTTPNotFound: the address names another version of the files than there is.
    """
    return await _files().give(call, service)


PLAYGROUND_PAGES: tuple[Endpoint[Any], ...] = (
    page_endpoint(PLAYGROUND, show_playground, "A page to talk to the personas."),
    files_endpoint(
        PLAYGROUND, FileName, show_file, "Scripts and the style sheet of the chat page."
    ),
)
"""The page and its files; what turning it off turns off."""
