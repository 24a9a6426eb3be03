"""Requests that come to a real host at one instant."""

from __future__ import annotations

import asyncio
import time
from collections import Counter

import pytest
from ion_host_aiohttp.run.admission import Admission, AdmissionLimits


def patient():
    """A door with as many places as delivered, and time enough for a machine that is busy."""
    return Admission(AdmissionLimits(queue_s=60.0))


async def at_once(port, request, number):
    """The statuses of so many equal requests that are sent at one instant."""
    streams = [await asyncio.open_connection("127.0.0.1", port) for _ in range(number)]
    try:
        for _, writer in streams:
            writer.write(request)
        lines = await asyncio.gather(*(reader.readline() for reader, _ in streams))
    finally:
        for _, writer in streams:
            writer.close()
        await asyncio.gather(*(writer.wait_closed() for _, writer in streams))
    return Counter(int(line.split()[1]) if line else 0 for line in lines)


PERSONAS = b"GET /api/v2/personas HTTP/1.1\r\nHost: localhost\r\n\r\n"
MESSAGE = (
    b"POST /sessions/c/messages HTTP/1.1\r\nHost: localhost\r\n"
    b"Content-Type: application/json\r\nContent-Length: 17\r\n\r\n"
    b'{"message":"hey"}'
)


class TestBursts:
    """Requests that come at one instant, each on a connection of its own."""

    @pytest.mark.parametrize("number", [100, 256])
    @pytest.mark.parametrize("request_", [PERSONAS, MESSAGE], ids=["personas", "messages"])
    async def test_all_are_answered(self, hosting, number, request_):
        """A quiet host answers everything that comes at one instant, time after time."""
        async with hosting(admission=patient()) as host:
            for _ in range(3):
                assert await at_once(host.port, request_, number) == {200: number}
            figures = host.service.admission.figures()

        assert (figures.shed, figures.waiting, figures.in_flight) == (0, 0, 0)

    async def test_what_waits_is_answered_at_the_end(self, hosting):
        """A host that is told to stop answers what has arrived and has not begun yet."""
        async with hosting(admission=patient()) as host:
            asking = asyncio.create_task(at_once(host.port, MESSAGE, 200))
            while not host.service.admission.pacing.waiting:  # noqa: ASYNC110  no event stands for it
                await asyncio.sleep(0)
            await host.server.stop()
            found = await asking

        # What the system had not handed over yet when the socket closed was never there.
        assert found[200] > 100
        assert set(found) <= {0, 200}

    async def test_callers_who_leave(self, hosting):
        """Callers who leave before their turn leave nothing behind."""
        async with hosting(admission=patient()) as host:
            asking = asyncio.create_task(at_once(host.port, MESSAGE, 100))
            while not host.service.admission.pacing.waiting:  # noqa: ASYNC110  no event stands for it
                await asyncio.sleep(0)
            asking.cancel()
            await asyncio.wait({asking})
            assert await at_once(host.port, PERSONAS, 10) == {200: 10}
            figures = host.service.admission.figures()

        assert (figures.waiting, figures.in_flight) == (0, 0)

    async def test_deadline_counts_the_wait_to_begin(self, hosting, make):
        """What a request waited for its turn is taken from the time that its caller gives it."""
        from ion_host_aiohttp.api.endpoint import Answer, Endpoint, ErrorStyle

        from ion_framework import hookimpl

        given = []

        async def handler(call, _service):
            given.append(call.deadline_s)
            time.sleep(0.1)  # noqa: ASYNC251  the loop is to be busy
            return Answer(body={})

        class Busy:
            @hookimpl
            def ion_provide_routes(self):
                return [
                    Endpoint(
                        method="GET",
                        path="/busy",
                        handler=handler,
                        style=ErrorStyle.V2,
                        summary="Be busy.",
                        runs_turns=True,
                    )
                ]

        busy = make.plugin("busy", "extension", Busy())
        ask = b"GET /busy HTTP/1.1\r\nHost: localhost\r\nION-Deadline-Ms: 50000\r\n\r\n"
        async with hosting(*make.standard(), busy, admission=patient()) as host:
            assert await at_once(host.port, ask, 4) == {200: 4}

        assert given[0] > 49.9
        assert given[-1] < 49.8
