"""Documents of plugins as endpoints of this host."""

from __future__ import annotations

from ion_framework.pipeline.documents import (
    CONNECTIONS,
    IN_FLIGHT,
    LIMITER_IMPAIRED,
    SHED,
    WAITING,
    DocumentRoute,
    HostView,
    Writer,
)
from ion_host_aiohttp.api.endpoint import Answer, Call, Endpoint, ErrorStyle
from ion_host_aiohttp.errors import failures
from ion_host_aiohttp.errors.failure import RequestFailed
from ion_host_aiohttp.service import Service


def document_endpoint(route: DocumentRoute) -> Endpoint[None]:
    """The endpoint of a document.

    It costs nothing in a rate limit and is not refused under overload: figures matter most then.

    Args:
        route: the document.
    """
    opened: dict[int, Writer] = {}

    def begin(service: Service) -> None:
        opened[id(service)] = route.open(view_of(service))

    async def handler(call: Call[None], service: Service) -> Answer:
        writer = opened.get(id(service))
        if writer is None:
            raise RequestFailed(failures.internal())
        document = await writer(call.accept)
        return Answer(
            body=document.body,
            media_type=document.media_type,
            headers={"Cache-Control": "no-store"},
        )

    return Endpoint(
        method=route.method,
        path=route.path,
        handler=handler,
        style=ErrorStyle.of_path(route.path),
        summary=route.summary,
        description=route.description,
        media_type=route.media_type,
        scope=route.scope,
        cost=0,
        sheddable=False,
        begin=begin,
    )


def view_of(service: Service) -> HostView:
    """What plugins are shown of this process."""

    def figures() -> dict[str, float]:
        door = service.admission.figures()
        return {
            IN_FLIGHT: door.in_flight,
            WAITING: door.waiting,
            SHED: door.shed,
            CONNECTIONS: service.connections.open,
            LIMITER_IMPAIRED: service.limiter.shortcoming() is not None,
        }

    return HostView(ion=service.ion, figures=figures, shared_dir=service.shared_dir)


def begin_all(endpoints: tuple[Endpoint[object], ...], service: Service) -> None:
    """Have what needs it begin; what fails is logged, and answers 500.

    Args:
        endpoints: what is about to be served.
        service: the host.
    """
    for endpoint in endpoints:
        if endpoint.begin is None:
            continue
        try:
            endpoint.begin(service)
        except Exception:
            # A plugin's own code must not keep the host from serving.
            service.logger.exception("document of a plugin failed", path=endpoint.path)
