"""Ambiguous and broken requests: no second request is made of one, and nothing hangs."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Sequence
from http import HTTPStatus

from perf.reliability.framing import HIDDEN, ambiguous, mutated
from perf.reliability.offline import offline_host, port_of
from perf.reliability.promise import Finding, Promise, Setting
from perf.reliability.raw_http import Exchange, exchange

NUMBER, AT_ONCE = 10_000, 32
HANG_S = 10.0
CONFIG = "[limits]\nheader_s = 1\nbody_s = 1\n"
"""The host's own patience, shorter than as delivered, so that thousands of heads end in seconds."""
PARSERS = {"the parser in C": {}, "the parser in Python": {"AIOHTTP_NO_EXTENSIONS": "1"}}


async def check(setting: Setting) -> Sequence[Finding]:
    """Send them to a host with either parser, each on a connection of its own."""
    findings: list[Finding] = []
    for name, environ in PARSERS.items():
        async with offline_host(setting, CONFIG, environ) as host:
            port = port_of(host)
            framed = dict(ambiguous())
            answers = dict(zip(framed, await _all(port, framed.values()), strict=True))
            number = setting.number(NUMBER, 100)
            heads = await _all(port, mutated(setting.random("heads"), number))
            (alive,) = await _all(port, [b"GET /health/live HTTP/1.0\r\n\r\n"])
        findings += [
            _told_framing(name, answers),
            *_told_heads(name, heads),
            Finding(
                f"{name}: host afterwards", "200", f"{alive.statuses}", alive.statuses == (200,)
            ),
        ]
    return findings


async def _all(port: int, requests: Iterable[bytes]) -> list[Exchange]:
    """What comes back to each, a few at a time."""
    left = enumerate(requests)
    found: dict[int, Exchange] = {}

    async def work() -> None:
        for number, each in left:
            found[number] = await exchange(port, [each], patience_s=HANG_S + 2)

    await asyncio.gather(*(work() for _ in range(AT_ONCE)))
    return [found[number] for number in sorted(found)]


def _told_framing(name: str, answers: dict[str, Exchange]) -> Finding:
    wrong = [
        kind for kind, found in answers.items() if HIDDEN in found.received or _served(found) > 1
    ]
    return Finding(
        f"{name}: ambiguous requests of which two were made",
        "0",
        f"{len(wrong)} of {len(answers)} {wrong or ''}",
        not wrong,
    )


def _told_heads(name: str, heads: Sequence[Exchange]) -> Sequence[Finding]:
    twice = sum(_served(found) > 1 for found in heads)
    hangs = sum(found.took_s > HANG_S for found in heads)
    statuses = Counter(found.statuses[:1] for found in heads)
    errors = sum(any(status == _ERROR for status in found.statuses) for found in heads)
    plain = {str(*key) or "closed": count for key, count in statuses.most_common(6)}
    return (
        Finding(f"{name}: broken heads served twice", "0", f"{twice} of {len(heads)}", not twice),
        Finding(
            f"{name}: broken heads that hang",
            "0",
            f"{hangs}, longest {max(found.took_s for found in heads):.1f} s",
            not hangs,
            {"took": [found.took_s for found in heads]},
        ),
        Finding(f"{name}: broken heads answered 500", "0", f"{errors} {plain}", not errors),
    )


def _served(found: Exchange) -> int:
    """Responses that are not the refusal of what is no request."""
    return sum(status != HTTPStatus.BAD_REQUEST for status in found.statuses)


_ERROR = HTTPStatus.INTERNAL_SERVER_ERROR

PROMISE = Promise(
    number=13,
    title="10,000 broken heads and 40 ambiguous requests, both parsers: none served twice, no hang",
    check=check,
    seconds=90,
)
