"""A turn as a stream of events: ``receipt``, ``delta`` …, ``done``, or ``error``.

A caller who leaves stops the turn at once; what was made until then can be fetched for a minute,
and ends with ``error`` of the code ``CANCELLED``. A caller who said beforehand that it may lose
the connection (``resumable``) has some seconds to come back before that.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from http import HTTPStatus
from typing import Any

import attrs

from ion_framework.pipeline.reply import Reply, ReplyEvent
from ion_framework.pipeline.turn import TurnRequest
from ion_host_aiohttp.api.encoding import encode
from ion_host_aiohttp.api.endpoint import Call
from ion_host_aiohttp.api.streams import Stream, sse_event
from ion_host_aiohttp.errors import failures, problem
from ion_host_aiohttp.errors.failure import Failure, RequestFailed
from ion_host_aiohttp.errors.messages import say
from ion_host_aiohttp.run.lifecycle import Phase
from ion_host_aiohttp.service import Service
from ion_host_aiohttp.streaming.replay import Owner, Replay
from ion_host_aiohttp.streaming.telling import ERROR, Telling, Told, tell

NAME_BYTES = 16
"""So many random bytes that nobody guesses the id of a stream."""


def reply_stream(  # noqa: PLR0913  each says one thing of the turn
    call: Call[Any],
    service: Service,
    request: TurnRequest,
    *,
    done: Callable[[Reply, float], Awaitable[object]],
    instance: str,
    events: AsyncGenerator[ReplyEvent, None] | None = None,
    text_field: str = "user_input",
    resumable: bool = False,
) -> Stream:
    """The stream of a turn, for a handler to return. Nothing is begun before it is read.

    Args:
        call: who asks.
        service: the running host.
        request: what is asked.
        done: makes the body of the event ``done`` of the reply and of the milliseconds that it
            took. It is awaited before the event is sent: what the caller may take for stored once
            it has seen it is stored there.
        instance: the path of the endpoint, for errors.
        events: the turn, by default that of the request.
        text_field: name of the body's member that holds the message, for errors.
        resumable: whether the turn goes on for some seconds when its caller is gone.
    """
    name = secrets.token_urlsafe(NAME_BYTES)
    telling = Telling(
        request=request,
        events=service.ion.stream(request) if events is None else events,
        done=done,
        text_field=text_field,
        stream_id=name,
    )
    making = _Making(call, service, telling, name, instance, resumable)
    return Stream(
        chunks=making.chunks(),
        log=telling.log,
        failed=making.failed,
        broken_by=lambda: making.broken_by,
    )


class _Making:
    """One stream from its first reader to its end.

    Attributes:
        broken_by: the failure of the turn, None while there is none.
    """

    def __init__(  # noqa: PLR0913, PLR0917  as above
        self,
        call: Call[Any],
        service: Service,
        telling: Telling,
        name: str,
        instance: str,
        resumable: bool,
    ) -> None:
        self._call = call
        self._service = service
        self._telling = telling
        self._instance = instance
        self._resumable = resumable
        self.broken_by: Failure | None = None
        owner = Owner(call.caller.principal, call.caller.tenant)
        self._replay = Replay(name, owner, self._left, self._attached)
        self._task: asyncio.Task[None] | None = None
        self._waits: asyncio.TimerHandle | None = None

    async def chunks(self) -> AsyncGenerator[bytes, None]:
        """The events, as the first reader gets them."""
        replays = self._service.streaming.replays
        self._task = replays.start(self._replay, self._make(), self._stop_waiting)
        async with aclosing(self._replay.read(0)) as events:
            async for event in events:
                yield event

    def failed(self, failure: Failure) -> bytes:
        """The stream ends now, for a reason of the host's: its last event."""
        if self._replay.has_ended:
            return b""
        event = self._error(failure)
        self._end(event)
        return event

    async def _make(self) -> None:
        """Put the events of the turn, until it ends."""
        try:
            async with aclosing(tell(self._telling, self._call.caller, self._service)) as told:
                async for each in told:
                    self._replay.add(self._event(each))
                    await self._replay.room()
            self._replay.end()
        except asyncio.CancelledError:
            self._end(self._error(cancelled()))
        except RequestFailed as error:
            self._fail(error, error.failure)
        except Exception as error:
            # Nobody awaits this task: it tells of it itself.
            self._service.logger.exception("stream failed", request_id=self._call.request_id)
            self._fail(error, failures.internal())

    def _fail(self, error: Exception, failure: Failure) -> None:
        """The turn has no answer: an ordinary response where nothing is sent, else an event."""
        if self._replay.last:
            self.broken_by = failure
            self._end(self._error(failure))
        else:
            self._replay.end(error)

    def _end(self, event: bytes) -> None:
        if not self._replay.has_ended:
            self._replay.add(event)
            self._replay.end()
        if self._task is not None:
            self._task.cancel()

    def _event(self, told: Told) -> bytes:
        return sse_event(encode(told.body), event=told.name, id=self._replay.next_id)

    def _error(self, failure: Failure) -> bytes:
        body = error_body(failure, self._call, self._service, self._instance)
        return sse_event(encode(body), event=ERROR, id=self._replay.next_id)

    def _left(self) -> None:
        """Nobody reads any more."""
        is_ending = self._service.lifecycle.phase is Phase.DRAINING
        streaming, subject = self._service.streaming, self._call.caller.subject
        if not self._resumable or is_ending or not streaming.streams.take(subject):
            self._cancel()
            return
        # What goes on without a reader takes as much as what has one.
        self._waits = asyncio.get_running_loop().call_later(streaming.grace_s, self._cancel)

    def _attached(self) -> None:
        """Somebody reads."""
        self._stop_waiting()

    def _stop_waiting(self) -> None:
        if self._waits is not None:
            self._waits.cancel()
            self._waits = None
            self._service.streaming.streams.give_back(self._call.caller.subject)

    def _cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()


def cancelled() -> Failure:
    """The caller left before the end. Told to who comes back, never as a status."""
    return Failure(
        status=HTTPStatus.REQUEST_TIMEOUT, code="CANCELLED", message=say("stream_cancelled")
    )


def stopped() -> Failure:
    """The caller asked for the answer to be stopped. Told to it, never as a status."""
    return attrs.evolve(cancelled(), message=say("turn_cancelled"))


def error_body(
    failure: Failure, call: Call[Any], service: Service, instance: str
) -> dict[str, object]:
    """The body of an error as API v2 has it."""
    telling = problem.telling_of(failure, service.catalogue, call.asked)
    trace_id = call.trace.trace_id if call.trace is not None else None
    at = service.clock.time()
    return problem.body(failure, telling, call.request_id, at, instance, trace_id)
