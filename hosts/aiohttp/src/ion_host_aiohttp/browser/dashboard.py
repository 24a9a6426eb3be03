"""``/dashboard``: a page that shows how the host does, from second to second.

The page itself holds no figure and is public; it asks for them with the key of who looks at it.
"""

from __future__ import annotations

from functools import cache
from html import escape
from importlib.resources import files
from typing import Any, Literal, get_args

import attrs

from ion_host_aiohttp.api.endpoint import Answer, Call, Endpoint
from ion_host_aiohttp.browser.assets import Asset, digest_of, media_type_of
from ion_host_aiohttp.browser.playground import POLICY
from ion_host_aiohttp.browser.serving import (
    file_answer,
    files_endpoint,
    page_answer,
    page_endpoint,
)
from ion_host_aiohttp.errors.messages import say
from ion_host_aiohttp.errors.problem import DEFAULT_LANGUAGE
from ion_host_aiohttp.service import Service

DASHBOARD = "/dashboard"
FIGURES_PATH, ALERTS_PATH = "/api/v2/figures", "/api/v2/slo"
FileName = Literal[
    "alerts.js",
    "api.js",
    "base.css",
    "boot.js",
    "chart-table.js",
    "chart.js",
    "charts.js",
    "colours.js",
    "dashboard.css",
    "dom.js",
    "events.js",
    "following.js",
    "key-form.js",
    "main.js",
    "numbers.js",
    "plugins.js",
    "shares.js",
    "state.js",
    "storage.js",
    "texts.js",
    "theme.js",
    "tiles.js",
    "uPlot.iife.min.js",
    "uPlot.min.css",
]
"""The files that are served."""

_FOLDERS = {
    **dict.fromkeys(
        ("api.js", "base.css", "dom.js", "events.js", "storage.js", "theme.js"), ("playground",)
    ),
    **dict.fromkeys(("uPlot.iife.min.js", "uPlot.min.css"), ("assets", "uplot")),
}
"""Files that are another page's, or another project's; the others are this page's own."""

_TITLE = say("dashboard_title")
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
    browser = files("ion_host_aiohttp").joinpath("browser")
    bodies = {
        name: browser.joinpath(*_FOLDERS.get(name, ("dashboard",)), name).read_bytes()
        for name in get_args(FileName)
    }
    page = browser.joinpath("dashboard", "dashboard.html").read_text("utf-8")
    return _Files(page, bodies, digest_of(b"\0".join(bodies.values())))


async def show_dashboard(call: Call[None], service: Service) -> Answer:
    """Give the page."""
    telling = service.catalogue.telling(call.asked, DEFAULT_LANGUAGE)
    found = _files()
    html = found.page.format(
        language=telling.language_of(_TITLE),
        title=escape(telling.text(_TITLE)),
        loading=escape(telling.text(say("dashboard_loading"))),
        missing=escape(telling.text(say("dashboard_missing"))),
        noscript=escape(telling.text(say("dashboard_script", address=FIGURES_PATH))),
        assets=f"{DASHBOARD}/assets/{found.digest}",
        alerts=_YES_NO[ALERTS_PATH in service.published.paths],
        key=_YES_NO[service.authenticator.required],
    )
    return page_answer(html, POLICY, telling)


async def show_file(call: Call[None], service: Service) -> Answer:  # noqa: ARG001  a handler's signature
    """Give a script or a style sheet of the page.

    Raises:
        HTTPNotFound: the address names another version of the files than there is.
    """
    found, name = _files(), call.path["name"]
    asset = Asset(found.bodies[name], media_type_of(name), found.digest)
    return file_answer(asset, call.path["digest"])


DASHBOARD_PAGES: tuple[Endpoint[Any], ...] = tuple(
    # Who looks why a host refuses requests must not be refused with them.
    attrs.evolve(endpoint, sheddable=False)
    for endpoint in (
        page_endpoint(DASHBOARD, show_dashboard, "A page that shows how the host does."),
        files_endpoint(
            DASHBOARD, FileName, show_file, "Scripts and style sheets of the page of figures."
        ),
    )
)
"""The page and its files; what turning it off turns off."""
