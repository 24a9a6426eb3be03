"""Many identical requests at one instant."""

from __future__ import annotations

import asyncio
import resource
import time
from collections.abc import Callable
from http import HTTPStatus

import aiohttp
import attrs

from perf.reliability.stage import REQUEST_S, Stage

SPARE_FILES = 200
"""Files that a process has open besides the connections of a burst."""


@attrs.frozen
class Burst:
    """What became of the requests.

    Attributes:
        statuses: HTTP statuses, or the names of errors.
        took_s: seconds from the beginning of the burst until each answer was there.
        in_flight: requests that had been sent when the first answer came.
        asked: requests that reached the model.
    """

    statuses: tuple[str, ...]
    took_s: tuple[float, ...]
    in_flight: int
    asked: int

    @property
    def failures(self) -> int:
        """Requests that were not answered with a text."""
        return sum(status != str(HTTPStatus.OK.value) for status in self.statuses)


async def burst(stage: Stage, text: str, number: int) -> Burst:
    """Send so many requests at once, to all hosts in turn, each on a connection of its own.

    Args:
        stage: the hosts.
        text: the message of all of them.
        number: how many.
    """
    asked = asked_of(stage)
    sent: list[float] = []
    began = time.perf_counter()

    async def ask(session: aiohttp.ClientSession, index: int) -> tuple[str, float]:
        url = f"{stage.hosts[index % len(stage.hosts)].url}/api/v2/process"
        try:
            async with session.post(url, json={"user_input": text}) as response:
                await response.read()
                status = str(response.status)
        except (aiohttp.ClientError, TimeoutError) as error:
            status = type(error).__name__
        return status, time.perf_counter() - began

    async with _session(lambda: sent.append(time.perf_counter() - began)) as session:
        found = await asyncio.gather(*(ask(session, index) for index in range(number)))
    first_s = min(took_s for _, took_s in found)
    return Burst(
        tuple(status for status, _ in found),
        tuple(took_s for _, took_s in found),
        sum(at < first_s for at in sent),
        asked_of(stage) - asked,
    )


def asked_of(stage: Stage) -> int:
    """Requests for an answer that the fake model has met."""
    return sum("enerateContent" in request.path for request in stage.gemini.requests)


def make_room(connections: int) -> None:
    """Let this process, and those that it starts, have so many connections open.

    Raises:
        OSError: the system's limit is lower; says how to raise it.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = connections + SPARE_FILES
    if soft != resource.RLIM_INFINITY and soft < wanted:
        if hard != resource.RLIM_INFINITY and hard < wanted:
            raise OSError(
                f"{connections} connections do not fit: this system allows a process {hard} open "
                f"files, {wanted} are needed; raise the limit (ulimit -Hn {wanted})"
            )
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _session(on_sent: Callable[[], None]) -> aiohttp.ClientSession:
    """A client without a bound on connections, that tells of each request that was sent."""
    trace = aiohttp.TraceConfig()

    async def sent(*_: object) -> None:
        on_sent()

    trace.on_request_chunk_sent.append(sent)
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0),
        timeout=aiohttp.ClientTimeout(total=REQUEST_S),
        trace_configs=[trace],
    )
