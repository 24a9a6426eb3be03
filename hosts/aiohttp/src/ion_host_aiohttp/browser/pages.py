"""``/docs`` and ``/redoc``: the OpenAPI document for people, without anything from elsewhere."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from html import escape
from typing import Any

import attrs

from ion_host_aiohttp.api.endpoint import Answer, Call, Endpoint
from ion_host_aiohttp.browser.assets import AssetName, asset
from ion_host_aiohttp.browser.serving import (
    file_answer,
    files_endpoint,
    page_answer,
    page_endpoint,
)
from ion_host_aiohttp.errors.messages import Telling, say
from ion_host_aiohttp.errors.problem import DEFAULT_LANGUAGE
from ion_host_aiohttp.openapi.endpoint import PATH as DOCUMENT_PATH
from ion_host_aiohttp.service import Service

DOCS, REDOC = "/docs", "/redoc"

_TITLE = say("docs_title")
_NONCE_BYTES = 16

_HTML = """\
<!doctype html>
<html lang="{language}" data-document="{document}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="icon" href="{icon}">
{links}
</head>
<body>
<div id="page"></div>
<noscript>{noscript}</noscript>
{scripts}
</body>
</html>
"""


@attrs.frozen
class Page:
    """What a page of the documentation is made of, and what it has to be allowed.

    Attributes:
        styles: its style sheets.
        scripts: its scripts, in the order in which they run.
        policy: its content security policy; ``{nonce}`` stands for the nonce.
    """

    styles: tuple[AssetName, ...]
    scripts: tuple[AssetName, ...]
    policy: str


# Scripts: those of the page alone, by a nonce, so that nothing else on this origin runs.
# Images: Swagger UI and Redoc draw arrows and locks as data: addresses in their styles.
# Connections: the document itself, and the calls of "Try it out".
_COMMON = (
    "default-src 'none'; script-src 'nonce-{nonce}'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_SWAGGER_UI = Page(
    styles=("swagger-ui.css", "page.css"),
    scripts=("swagger-ui-bundle.js", "docs.js"),
    # All its styles stand in files.
    policy=f"{_COMMON}; style-src 'self'",
)
_REDOC = Page(
    styles=("page.css",),
    scripts=("redoc.standalone.js", "redoc.js"),
    # It writes its styles into an element of its own, which carries the nonce of its script, and
    # searches in a worker that it makes of a text.
    policy=f"{_COMMON}; style-src 'self' 'nonce-{{nonce}}'; worker-src blob:",
)


async def show_docs(call: Call[None], service: Service) -> Answer:
    """Give the page of Swagger UI."""
    return _answer(_SWAGGER_UI, service.catalogue.telling(call.asked, DEFAULT_LANGUAGE))


async def show_redoc(call: Call[None], service: Service) -> Answer:
    """Give the page of Redoc."""
    return _answer(_REDOC, service.catalogue.telling(call.asked, DEFAULT_LANGUAGE))


async def show_asset(call: Call[None], service: Service) -> Answer:  # noqa: ARG001  a handler's signature
    """Give a script, a style sheet or an image of the pages.

    Raises:
        HTTPNotFound: the address names another version of the file than there is.
    """
    return file_answer(asset(call.path["name"]), call.path["digest"])


def _answer(page: Page, telling: Telling) -> Answer:
    nonce = secrets.token_urlsafe(_NONCE_BYTES)
    html = _HTML.format(
        language=telling.language_of(_TITLE),
        document=DOCUMENT_PATH,
        title=escape(telling.text(_TITLE)),
        icon=_address("favicon-32x32.png"),
        links=_lines('<link rel="stylesheet" href="{address}">', page.styles),
        noscript=escape(telling.text(say("docs_script", address=DOCUMENT_PATH))),
        scripts=_lines(f'<script nonce="{nonce}" src="{{address}}"></script>', page.scripts),
    )
    return page_answer(html, page.policy.format(nonce=nonce), telling)


def _lines(line: str, names: Sequence[AssetName]) -> str:
    return "\n".join(line.format(address=_address(name)) for name in names)


def _address(name: AssetName) -> str:
    return f"{DOCS}/assets/{asset(name).digest}/{name}"


PAGES: tuple[Endpoint[Any], ...] = (
    page_endpoint(DOCS, show_docs, "The documentation, with calls to try."),
    page_endpoint(REDOC, show_redoc, "The documentation for reading."),
    files_endpoint(
        DOCS, AssetName, show_asset, "Scripts, style sheets and images of the documentation."
    ),
)
"""The pages and their files; what turning the documentation off turns off."""
