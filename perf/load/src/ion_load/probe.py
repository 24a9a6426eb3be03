"""The probe of rate limits: requests one after another, and what the host made of each.

The JSON has the members of the older tool (``requests``, ``success``, ``failed``, ``success_rate``,
``avg_response_ms``) and more. As there, the average is that of successes alone, and a host that was
not asked succeeds in 100 per cent, which ``note`` then explains.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import aiohttp
import attrs

from ion_load.answers import fault

PATIENCE_S = 30.0
"""Seconds after which a request has failed."""

LIMITED = 429
_OK = 200
_SUCCESSES = range(200, 400)
_NOT_ASKED = "the host was not asked: success_rate 100 stands for no failure among no requests"

PRESETS: Mapping[str, tuple[int, int]] = MappingProxyType(
    {"light": (10, 500), "medium": (50, 100), "heavy": (200, 10), "stress": (500, 0)}
)
"""Requests to each host and milliseconds between two of them, by name."""


@attrs.frozen
class Request:
    """What is sent again and again.

    Attributes:
        method: GET or POST.
        url: where to.
        body: sent as JSON where the method is POST.
        key: API key, None without one.
        member: what an answer 200 has to hold as JSON; None where any will do.
    """

    method: str
    url: str
    body: Any = None
    key: str | None = attrs.field(default=None, repr=False)
    member: str | None = None


@attrs.frozen
class Reply:
    """What came back.

    Attributes:
        status: HTTP status, 0 where no answer came in time.
        took_ms: milliseconds until it was there.
        retry_after: the header, empty without one.
        error: why no answer came, or what is wrong with it; empty where it is well.
    """

    status: int
    took_ms: float
    retry_after: str = ""
    error: str = ""

    @property
    def succeeded(self) -> bool:
        """Whether it is an answer that says what it has to, and not a refusal."""
        return succeeds(self.status) and not self.error


def succeeds(status: int) -> bool:
    """Whether a status is that of an answer."""
    return status in _SUCCESSES


async def probe(
    request: Request,
    amount: int,
    delay_ms: int,
    pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> tuple[Reply, ...]:
    """Send requests to one host, strictly one after another.

    Args:
        request: what is sent.
        amount: how often.
        delay_ms: milliseconds of rest between an answer and the next request.
        pause: takes that rest.
    """
    headers = {"Authorization": f"Bearer {request.key}"} if request.key else {}
    timeout = aiohttp.ClientTimeout(total=PATIENCE_S)
    replies = []
    async with aiohttp.ClientSession(timeout=timeout, headers=headers) as session:
        for number in range(amount):
            if number and delay_ms:
                await pause(delay_ms / 1000)
            replies.append(await _ask(session, request))
    return tuple(replies)


async def _ask(session: aiohttp.ClientSession, request: Request) -> Reply:
    body = {"json": request.body} if request.method == "POST" else {}
    began = time.perf_counter()
    try:
        async with session.request(request.method, request.url, **body) as response:
            answer = await response.read()
            status, after = response.status, response.headers.get("Retry-After", "")
    except (aiohttp.ClientError, TimeoutError) as error:
        passed_ms = (time.perf_counter() - began) * 1000
        return Reply(0, passed_ms, error=f"{type(error).__name__}: {error}".rstrip(": "))
    wrong = fault(answer, request.member) if status == _OK and request.member else ""
    return Reply(status, (time.perf_counter() - began) * 1000, after, wrong)


def tallied(replies: Sequence[Reply]) -> dict[str, Any]:
    """What became of the requests to one host, as the JSON has it.

    ``min_response_ms`` and ``max_response_ms`` are those of successes, None without any.
    ``note`` is there only where the host was not asked.
    """
    took = [reply.took_ms for reply in replies if reply.succeeded]
    limited = [reply for reply in replies if reply.status == LIMITED]
    statuses = Counter(str(reply.status) for reply in replies)
    errors = Counter(reply.error for reply in replies if reply.error)
    rate = 100 * len(took) / len(replies) if replies else 100.0
    return {
        "requests": len(replies),
        "success": len(took),
        "failed": len(replies) - len(took),
        "success_rate": round(rate, 2),
        "avg_response_ms": round(sum(took) / len(took)) if took else 0,
        "min_response_ms": round(min(took), 2) if took else None,
        "max_response_ms": round(max(took), 2) if took else None,
        "rate_limited": len(limited),
        "retry_after_count": sum(bool(reply.retry_after) for reply in limited),
        "retry_after_max_s": max(filter(None, map(_seconds, limited)), default=None),
        "status_counts": dict(sorted(statuses.items())),
        "errors": dict(errors),
        **({} if replies else {"note": _NOT_ASKED}),
    }


def _seconds(reply: Reply) -> int | None:
    """The header as seconds; a date, which HTTP allows as well, has none."""
    return int(reply.retry_after) if reply.retry_after.isdecimal() else None
