"""Every endpoint that the host brings, and those that plugins add by the same means."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import attrs

from ion_framework.pipeline.documents import DocumentRoute
from ion_host_aiohttp.api.documents import document_endpoint
from ion_host_aiohttp.api.endpoint import Endpoint
from ion_host_aiohttp.api.endpoint_check import fault_of
from ion_host_aiohttp.api.path import nameless_path
from ion_host_aiohttp.browser.dashboard import DASHBOARD_PAGES
from ion_host_aiohttp.browser.pages import PAGES
from ion_host_aiohttp.browser.playground import PLAYGROUND_PAGES
from ion_host_aiohttp.openai.completions import COMPLETIONS
from ion_host_aiohttp.openai.models import ENDPOINTS as MODELS
from ion_host_aiohttp.openapi.endpoint import DOCUMENT
from ion_host_aiohttp.streaming.resuming import RESUME
from ion_host_aiohttp.streaming.socket_endpoint import WEBSOCKET
from ion_host_aiohttp.v1.chat import CHAT
from ion_host_aiohttp.v1.service_info import ENDPOINTS as SERVICE_INFO
from ion_host_aiohttp.v1.session_endpoints import ENDPOINTS as SESSIONS
from ion_host_aiohttp.v1.summaries import ENDPOINTS as SUMMARIES
from ion_host_aiohttp.v2.bulk import BULK
from ion_host_aiohttp.v2.cache_admin import ENDPOINTS as CACHE
from ion_host_aiohttp.v2.conversations import ENDPOINTS as CONVERSATIONS
from ion_host_aiohttp.v2.feedback import FEEDBACK
from ion_host_aiohttp.v2.figures import ENDPOINTS as FIGURES
from ion_host_aiohttp.v2.health import HEALTH
from ion_host_aiohttp.v2.multi_persona import MULTI_PERSONA
from ion_host_aiohttp.v2.personas import ENDPOINTS as PERSONAS
from ion_host_aiohttp.v2.plugins import ENDPOINTS as PLUGINS
from ion_host_aiohttp.v2.process import PROCESS
from ion_host_aiohttp.v2.recommend import RECOMMEND
from ion_host_aiohttp.v2.recording import RECORDING
from ion_host_aiohttp.v2.slo import SLO
from ion_host_aiohttp.v2.status import STATUS
from ion_host_aiohttp.v2.user_data import ENDPOINTS as USER_DATA

OWN: tuple[Endpoint[Any], ...] = (
    *SERVICE_INFO,
    CHAT,
    *SESSIONS,
    *SUMMARIES,
    PROCESS,
    RESUME,
    WEBSOCKET,
    MULTI_PERSONA,
    RECOMMEND,
    BULK,
    *CONVERSATIONS,
    *USER_DATA,
    FEEDBACK,
    *PERSONAS,
    *CACHE,
    *PLUGINS,
    HEALTH,
    STATUS,
    *FIGURES,
    SLO,
    RECORDING,
    COMPLETIONS,
    *MODELS,
    DOCUMENT,
    *PAGES,
    *PLAYGROUND_PAGES,
    *DASHBOARD_PAGES,
)


@attrs.frozen
class Catalog:
    """What is served.

    Attributes:
        endpoints: the host's, then those of plugins.
        problems: the endpoints of plugins that are left out, one sentence each.
    """

    endpoints: tuple[Endpoint[Any], ...]
    problems: tuple[str, ...]


def all_endpoints(provided: Iterable[object]) -> Catalog:
    """The host's endpoints, then those of plugins that can be served.

    Args:
        provided: what plugins returned from ``ion_provide_routes``; what is neither an `Endpoint`
            nor a `DocumentRoute` is meant for another host.
    """
    found = list(OWN)
    problems = []
    taken = {_address(endpoint): endpoint for endpoint in OWN}
    for given in provided:
        endpoint = document_endpoint(given) if isinstance(given, DocumentRoute) else given
        if not isinstance(endpoint, Endpoint):
            continue
        fault = fault_of(endpoint)
        if fault is None:
            other = taken.setdefault(_address(endpoint), endpoint)
            if other is endpoint:
                found.append(endpoint)
                continue
            fault = f"the address is taken by {other.summary!r}; choose another path"
        problems.append(f"{endpoint.method} {endpoint.path} ({endpoint.summary!r}): {fault}")
    return Catalog(tuple(found), tuple(problems))


def _address(endpoint: Endpoint[Any]) -> tuple[str, str]:
    """What two endpoints cannot share; how a variable part is called makes no difference."""
    return endpoint.method, nameless_path(endpoint.path)
