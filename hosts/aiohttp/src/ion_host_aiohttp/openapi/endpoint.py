"""``GET /openapi.json``."""

from __future__ import annotations

from http import HTTPStatus

from aiohttp import hdrs

from ion_host_aiohttp.api.endpoint import Answer, Call, Endpoint, ErrorStyle
from ion_host_aiohttp.service import Service

PATH = "/openapi.json"


async def show_document(call: Call[None], service: Service) -> Answer:  # noqa: ARG001  a handler's signature
    """Give the document."""
    edition = service.published.edition(closed=service.authenticator.required)
    # No-cache: a copy may be kept, and is asked about each time by its tag.
    headers: dict[str, str] = {hdrs.ETAG: edition.tag, hdrs.CACHE_CONTROL: "no-cache"}
    return Answer(body=edition.body, headers=headers)


DOCUMENT = Endpoint(
    method="GET",
    path=PATH,
    handler=show_document,
    style=ErrorStyle.V1,
    summary="This document.",
    description="Every endpoint of this host, those of plugins included, as OpenAPI 3.1.",
    others=(HTTPStatus.NOT_MODIFIED,),
    scope=None,
    tag="service",
)
