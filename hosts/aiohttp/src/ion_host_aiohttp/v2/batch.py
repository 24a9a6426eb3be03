"""Working through the items of a bulk request, a bounded number at once."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from http import HTTPStatus
from typing import Any, TypeAlias

import msgspec

from ion_host_aiohttp.api.decoding import decode
from ion_host_aiohttp.api.endpoint import Call
from ion_host_aiohttp.errors import failures
from ion_host_aiohttp.errors.failure import Failure, RequestFailed
from ion_host_aiohttp.errors.messages import say
from ion_host_aiohttp.service import Service
from ion_host_aiohttp.turns import run_turn, unless_broken_off
from ion_host_aiohttp.v2.envelope import ProcessResponse, process_response
from ion_host_aiohttp.v2.schema import ProcessRequest, check_given, turn_request

AT_ONCE = 8
"""Items of one request that are worked on at the same time: a batch shares the language model
with everybody else, and has one place in the host's queue."""

Outcome: TypeAlias = ProcessResponse | Failure


class Batch:
    """One bulk request.

    Args:
        service: the running host.
        call: who sends it.
        deadline: when it ends, on the host's monotonic clock.
    """

    def __init__(self, service: Service, call: Call[Any], deadline: float) -> None:
        self._service = service
        self._call = call
        self._deadline = deadline

    async def answer(self, items: Sequence[msgspec.Raw], *, parallel: bool) -> list[Outcome]:
        """What comes of each item, in their order.

        Args:
            items: the items as they were sent.
            parallel: whether several are worked on at the same time.
        """
        outcomes: list[Outcome] = [_not_begun()] * len(items)
        left = iter(enumerate(items))
        workers = min(AT_ONCE, len(items)) if parallel else 1
        async with asyncio.TaskGroup() as group:
            for _ in range(workers):
                group.create_task(self._work(left, outcomes))
        return outcomes

    async def _work(self, left: Iterator[tuple[int, msgspec.Raw]], outcomes: list[Outcome]) -> None:
        for index, item in left:
            remaining_s = self._deadline - self._service.clock.monotonic()
            if remaining_s <= 0:
                return
            outcomes[index] = await self._outcome(index, item, remaining_s)

    async def _outcome(self, index: int, item: msgspec.Raw, remaining_s: float) -> Outcome:
        request_id = f"{self._call.request_id}-{index}"
        try:
            return await self._answered(item, request_id, remaining_s)
        except RequestFailed as error:
            return error.failure
        except Exception:
            # One item of many: the others have their answers.
            self._service.logger.exception("item failed", request_id=request_id)
            return failures.internal()

    async def _answered(
        self, item: msgspec.Raw, request_id: str, remaining_s: float
    ) -> ProcessResponse:
        service, call = self._service, self._call
        body = decode(bytes(item), ProcessRequest)
        check_given(body.user_input, "user_input")
        request = turn_request(body, call, service.limits.message_chars, request_id, remaining_s)
        started = service.clock.monotonic()
        reply = await run_turn(service, call.caller, request, "user_input")
        unless_broken_off(reply, request, service)
        duration_ms = round((service.clock.monotonic() - started) * 1000, 3)
        return process_response(service, body, request, reply, duration_ms)


def _not_begun() -> Failure:
    return Failure(
        status=HTTPStatus.GATEWAY_TIMEOUT,
        code="DEADLINE_EXCEEDED",
        message=say("bulk_not_begun"),
    )
