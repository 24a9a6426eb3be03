"""``POST /api/v2/bulk-process``: many messages in one request, each judged and answered alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from http import HTTPStatus
from typing import Annotated, Any

import attrs
import msgspec

from ion_host_aiohttp.access.caller import Scope
from ion_host_aiohttp.api.endpoint import Answer, Call, Endpoint, ErrorCase, ErrorStyle
from ion_host_aiohttp.errors import problem
from ion_host_aiohttp.errors.failure import Failure, RequestFailed
from ion_host_aiohttp.errors.messages import Catalogue, say
from ion_host_aiohttp.openapi.schemas import LIMIT
from ion_host_aiohttp.service import Service
from ion_host_aiohttp.times import iso_time
from ion_host_aiohttp.v2.batch import Batch, Outcome
from ion_host_aiohttp.v2.envelope import ProcessResponse
from ion_host_aiohttp.v2.pace import time_for
from ion_host_aiohttp.v2.schema import RequestIdQuery

PATH = "/api/v2/bulk-process"

_Items = Annotated[
    tuple[msgspec.Raw, ...], msgspec.Meta(extra_json_schema={"minItems": 1, LIMIT: "bulk_items"})
]


@attrs.frozen(kw_only=True)
class BulkProcessRequest:
    """The body of ``POST /api/v2/bulk-process``.

    Attributes:
        requests: what ``POST /api/v2/process`` takes, as often as wanted. Each is judged by
            itself: one that is not valid becomes an entry of ``errors``.
        parallel: whether several are worked on at the same time; otherwise one after the other.
    """

    requests: _Items
    parallel: bool = False


@attrs.frozen(kw_only=True, slots=False)
class BulkError:
    """Why an item has no answer.

    Attributes:
        index: its place in ``requests``, from 0.
        code: machine-readable cause, as ``process`` gives it.
        message: the cause, for people.
        field: the member at fault, null where there is none.
        status: the HTTP status that ``process`` gives it.
        request_id: names the item in logs.
        errors: each value that does not fit, as in ``process``; null where it is not that.
    """

    index: int
    code: str
    message: str
    field: str | None
    status: int
    request_id: str
    errors: list[dict[str, Any]] | None


@attrs.frozen(kw_only=True, slots=False)
class BulkProcessResponse:
    """What came of the items.

    Attributes:
        success: whether any item has an answer.
        total: number of items.
        successful: of them those with an answer.
        failed: of them those without.
        results: the answers, in the order of their items.
        errors: the failures, in the order of their items.
    """

    success: bool
    total: int
    successful: int
    failed: int
    results: tuple[ProcessResponse, ...]
    errors: tuple[BulkError, ...]
    timestamp: str


async def bulk_process(call: Call[BulkProcessRequest], service: Service) -> Answer:
    """Answer every item that can be answered."""
    items = call.body.requests
    _check(len(items), service.limits.bulk_items)
    headers: dict[str, str] = {}
    if len(items) > 1:
        # The first one has been paid at the door.
        more = len(items) - 1
        spent = await service.limiter.spend(call.caller, more, runs_turns=True, paid=1)
        headers = dict(spent)
    batch = Batch(service, call, service.clock.monotonic() + time_for(call.deadline_s, service))
    outcomes = await batch.answer(items, parallel=call.body.parallel)
    now = service.clock.time()
    results = tuple(item for item in outcomes if isinstance(item, ProcessResponse))
    errors = tuple(_errors(call, outcomes, service.catalogue, now))
    body = BulkProcessResponse(
        success=bool(results),
        total=len(items),
        successful=len(results),
        failed=len(errors),
        results=results,
        errors=errors,
        timestamp=iso_time(now),
    )
    return Answer(body=body, headers=headers, log=_log(len(items), len(errors)))


def _check(count: int, most: int) -> None:
    if count == 0:
        raise RequestFailed(
            Failure(
                status=HTTPStatus.BAD_REQUEST,
                code="INVALID_INPUT",
                message=say("bulk_empty"),
                field="requests",
            )
        )
    if count > most:
        raise RequestFailed(
            Failure(
                status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                code="REQUEST_TOO_LARGE",
                message=say("bulk_too_large", limit=most),
                field="requests",
                details={"max_items": most, "given": count},
            )
        )


def _errors(
    call: Call[Any], outcomes: Sequence[Outcome], catalogue: Catalogue, at: float
) -> Iterator[BulkError]:
    for index, outcome in enumerate(outcomes):
        if isinstance(outcome, ProcessResponse):
            continue
        request_id = f"{call.request_id}-{index}"
        telling = problem.telling_of(outcome, catalogue, call.asked)
        told: dict[str, Any] = problem.body(outcome, telling, request_id, at, PATH)
        yield BulkError(
            index=index,
            code=outcome.code,
            message=told["detail"],
            field=outcome.field,
            status=outcome.status.value,
            request_id=request_id,
            errors=told["errors"],
        )


def _log(items: int, failed: int) -> dict[str, str]:
    return {"items": str(items), "failed_items": str(failed)}


BULK = Endpoint(
    method="POST",
    path=PATH,
    handler=bulk_process,
    style=ErrorStyle.V2,
    summary="Answer many messages, each by itself.",
    description=(
        "Counts as many requests as it holds. One item that is not valid, or that nobody can "
        "answer, fails no other: it stands in `errors`. One deadline is over all items; those "
        "that have not begun when it passes are reported with `DEADLINE_EXCEEDED`."
    ),
    request=BulkProcessRequest,
    query=RequestIdQuery,
    response=BulkProcessResponse,
    errors=(
        ErrorCase(HTTPStatus.BAD_REQUEST, "INVALID_INPUT", "There is no item."),
        ErrorCase(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "REQUEST_TOO_LARGE", "There are too many items."
        ),
    ),
    scope=Scope.CHAT,
    runs_turns=True,
)
