"""How the pages for browsers and the files that they load are answered."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from aiohttp import hdrs, web

from ion_host_aiohttp.api.endpoint import Answer, Endpoint, ErrorStyle
from ion_host_aiohttp.browser.assets import Asset
from ion_host_aiohttp.errors.messages import Telling

_KEPT = "public, max-age=31536000, immutable"


def page_answer(html: str, policy: str, telling: Telling) -> Answer:
    """A page in the caller's language.

    Args:
        html: the page.
        policy: its content security policy.
        telling: what its texts were told by.
    """
    headers = {
        "Content-Security-Policy": policy,
        hdrs.CONTENT_LANGUAGE: telling.content_language,
        hdrs.VARY: hdrs.ACCEPT_LANGUAGE,
    }
    return Answer(body=html.encode(), media_type="text/html", headers=headers)


def file_answer(found: Asset, digest: str) -> Answer:
    """A file that browsers may keep for ever, because its address changes with it.

    Args:
        found: the file.
        digest: the one in the address that was asked for.

    Raises:
        HTTPNotFound: the address names another version of the file than there is.
    """
    if found.digest != digest:
        raise web.HTTPNotFound
    return Answer(body=found.body, media_type=found.media_type, headers={hdrs.CACHE_CONTROL: _KEPT})


def page_endpoint(path: str, handler: Any, summary: str) -> Endpoint[Any]:
    """The endpoint of a page."""
    return _hidden(path, handler, summary, "text/html")


def files_endpoint(page: str, names: Any, handler: Any, summary: str) -> Endpoint[Any]:
    """The endpoint of the files that a page loads.

    Args:
        page: path of the page; the files are below it.
        names: type of their names.
        handler: what gives a file; it finds ``digest`` and ``name`` in the path.
        summary: what the files are.
    """
    return _hidden(
        page + "/assets/{digest}/{name}",
        handler,
        summary,
        "application/octet-stream",
        parameters={
            "digest": Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{32}$")],
            "name": names,
        },
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
