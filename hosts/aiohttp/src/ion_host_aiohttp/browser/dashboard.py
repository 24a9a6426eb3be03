"""``/dashboard``: a page that shows how the host does, from second to second.

The page itself holds no figure and is public; it asks for them with the key of who looks at it.
"""

from __future__ import annotations

from functools import cache
from html import escape
from typing import Any, Literal, get_args

import attrs

from ion_host_aiohttp.api.endpoint import Answer, Call, Endpoint
from ion_host_aiohttp.browser.page_files import POLICY, YES_NO, PageFiles, read_page
from ion_host_aiohttp.browser.serving import files_endpoint, page_answer, page_endpoint
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
    "language.js",
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
        (
            *("api.js", "base.css", "dom.js", "events.js", "key-form.js", "language.js"),
            *("storage.js", "theme.js"),
        ),
        ("playground",),
    ),
    **dict.fromkeys(("uPlot.iife.min.js", "uPlot.min.css"), ("assets", "uplot")),
}
"""Files that are another page's, or another project's; the others are this page's own."""

_TITLE = say("dashboard_title")


@cache
def _files() -> PageFiles:
    """What is shipped, read at most once."""
    return read_page("dashboard", get_args(FileName), _FOLDERS)


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
        alerts=YES_NO[ALERTS_PATH in service.published.paths],
        key=YES_NO[service.authenticator.required],
    )
    return page_answer(html, POLICY, telling)


async def show_file(call: Call[None], service: Service) -> Answer:
    """Give a script or a style sheet of the page.

    Raises:
        HTTPNotFound: the address names another version of the files than there is.
    """
    return await _files().give(call, service)


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
