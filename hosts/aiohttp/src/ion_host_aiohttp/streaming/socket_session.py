"""One WebSocket from its opening to its end: many turns, several at once."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from http import HTTPStatus
from typing import Any

from ion_host_aiohttp.api.decoding import decode
from ion_host_aiohttp.api.endpoint import Call
from ion_host_aiohttp.api.upgrades import CloseCode, NotTextError, Wire
from ion_host_aiohttp.errors import failures
from ion_host_aiohttp.errors.failure import Failure, RequestFailed
from ion_host_aiohttp.errors.messages import say
from ion_host_aiohttp.service import Service
from ion_host_aiohttp.streaming.pace import Pace
from ion_host_aiohttp.streaming.reply_stream import cancelled, error_body, stopped
from ion_host_aiohttp.streaming.socket_messages import (
    GOAWAY,
    KINDS,
    PONG,
    AnyMessage,
    CancelMessage,
    PingMessage,
    Sent,
    kind_of,
)
from ion_host_aiohttp.streaming.socket_turn import AnyTurnMessage, run_socket_turn
from ion_host_aiohttp.streaming.telling import ERROR

MOST_TURNS = 4
"""Turns at once over one connection."""
MOST_FAULTS = 16
"""Messages that are wrong before the connection is closed (1008)."""
MESSAGES_A_SECOND = 50.0
"""Messages that are read; more wait in the connection."""
IDLE_S = 300.0
"""Seconds without a message and without a turn after which the connection is closed (1000)."""


class SocketSession:
    """A connection.

    Args:
        call: its opening.
        service: the host.
        idle_s: seconds for which it may be idle.
    """

    def __init__(self, call: Call[Any], service: Service, idle_s: float = IDLE_S) -> None:
        self._call = call
        self._service = service
        self._idle_s = idle_s
        self._turns: dict[str, asyncio.Task[None]] = {}
        self._stopped: set[str] = set()
        self._faults = 0
        self._leaving: Failure | None = cancelled()
        self.log: dict[str, str] = {}
        self._count = 0

    async def serve(self, wire: Wire) -> None:
        """Read messages and answer them, until one side closes."""
        ending = asyncio.create_task(self._go_away(wire))
        try:
            await self._read(wire)
        except asyncio.CancelledError:
            if self._service.lifecycle.is_cut_off:
                await self._end_all(failures.cut_off())
                await wire.close(CloseCode.GOING_AWAY)
            raise
        finally:
            ending.cancel()
            self._leaving = None
            for turn in self._turns.values():
                turn.cancel()
            self.log["turns"] = str(self._count)

    async def _read(self, wire: Wire) -> None:
        pace = Pace(MESSAGES_A_SECOND)
        while True:
            try:
                text = await wire.receive(self._idle_s)
            except TimeoutError:
                if self._turns:
                    continue
                await wire.close(CloseCode.NORMAL, "idle")
                return
            except NotTextError:
                await self._refuse(wire, None, _binary())
            else:
                if text is None:
                    return
                await self._take(wire, text.encode())
            if self._faults >= MOST_FAULTS:
                await wire.close(CloseCode.POLICY, "too many wrong messages")
                return
            await pace.wait()

    async def _take(self, wire: Wire, text: bytes) -> None:
        turn_id = None
        try:
            head = decode(text, AnyMessage)
            turn_id = head.id
            message = decode(text, _kind(head))
        except RequestFailed as error:
            await self._refuse(wire, turn_id, error.failure)
            return
        if isinstance(message, CancelMessage):
            await self._cancel(wire, message.id)
        elif not isinstance(message, PingMessage):
            await self._begin(wire, message)
        else:
            await wire.send(Sent(type=PONG))

    async def _cancel(self, wire: Wire, turn_id: str) -> None:
        turn = self._turns.get(turn_id)
        if turn is None:
            # No wrong message: the turn may have ended while this was on its way.
            await self._tell(wire, turn_id, _unknown())
        else:
            self._stopped.add(turn_id)
            turn.cancel()

    async def _begin(self, wire: Wire, message: AnyTurnMessage) -> None:
        failure = None
        if wire.draining.is_set():
            failure = failures.cut_off()
        elif message.id in self._turns:
            failure = _taken()
        elif len(self._turns) >= MOST_TURNS:
            failure = _too_many()
        if failure is not None:
            await self._tell(wire, message.id, failure)
            return
        self._count += 1
        turn = asyncio.create_task(self._turn(wire, message))
        self._turns[message.id] = turn
        turn.add_done_callback(lambda _: self._forget(message.id))

    def _forget(self, turn_id: str) -> None:
        self._turns.pop(turn_id, None)
        self._stopped.discard(turn_id)

    async def _turn(self, wire: Wire, message: AnyTurnMessage) -> None:
        try:
            await run_socket_turn(wire, message, self._service)
        except asyncio.CancelledError:
            failure = stopped() if message.id in self._stopped else self._leaving
            if self._leaving is not None and failure is not None:
                await self._tell(wire, message.id, failure)
        except RequestFailed as error:
            await self._tell(wire, message.id, error.failure)
        except Exception:
            self._service.logger.exception(
                "turn over a websocket failed", request_id=self._call.request_id
            )
            await self._tell(wire, message.id, failures.internal())

    async def _go_away(self, wire: Wire) -> None:
        """Tell when the host is being stopped, and close once no turn runs any more."""
        await wire.draining.wait()
        await wire.send(Sent(type=GOAWAY))
        while self._turns:
            await asyncio.wait(self._turns.values())
        await wire.close(CloseCode.GOING_AWAY)

    async def _end_all(self, failure: Failure) -> None:
        """End every turn for a reason of the host's."""
        self._leaving = failure
        turns = tuple(self._turns.values())
        for turn in turns:
            turn.cancel()
        if turns:
            await asyncio.wait(turns)

    async def _refuse(self, wire: Wire, turn_id: str | None, failure: Failure) -> None:
        """A message is wrong."""
        self._faults += 1
        await self._tell(wire, turn_id, failure)

    async def _tell(self, wire: Wire, turn_id: str | None, failure: Failure) -> None:
        body = error_body(failure, self._call, self._service, "/api/v2/ws")
        with suppress(ConnectionError):
            await wire.send(Sent(type=ERROR, id=turn_id, data=body))


def _binary() -> Failure:
    message = say("socket_binary")
    return Failure(status=HTTPStatus.BAD_REQUEST, code="NOT_TEXT", message=message)


def _kind(head: AnyMessage) -> type[Any]:
    """What a message is decoded as.

    Raises:
        RequestFailed: the type is unknown.
    """
    kind = kind_of(head)
    if kind is not None:
        return kind
    raise RequestFailed(
        Failure(
            status=HTTPStatus.BAD_REQUEST,
            code="UNKNOWN_TYPE",
            message=say("socket_type", valid=", ".join(KINDS)),
            field="type",
        )
    )


def _unknown() -> Failure:
    return Failure(
        status=HTTPStatus.NOT_FOUND,
        code="UNKNOWN_TURN",
        message=say("socket_turn_unknown"),
        field="id",
    )


def _taken() -> Failure:
    return Failure(
        status=HTTPStatus.CONFLICT,
        code="TURN_ID_TAKEN",
        message=say("socket_id_taken"),
        field="id",
    )


def _too_many() -> Failure:
    return Failure(
        status=HTTPStatus.TOO_MANY_REQUESTS,
        code="TOO_MANY_TURNS",
        message=say("socket_turns", most=MOST_TURNS),
        details={"most": MOST_TURNS},
    )
