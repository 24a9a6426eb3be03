"""What the users say: messages that the host answers, and odd payloads that it may refuse."""

from __future__ import annotations

import json

import attrs

LONGEST = 1000
"""Characters of a message that the host takes with its own settings."""

MESSAGES = (
    "Why does my deploy keep failing? This is so frustrating!",
    "이거 진짜 답답해요! 왜 안 되는 거죠?",
    "Could you explain, step by step, how recursion knows when to stop?",
    "재귀가 어떻게 끝나는지 헷갈려요. 원리를 알려 주세요",
    "Let us plan the next sprint together: who does what until Friday?",
    "다음 주 배포 일정을 같이 정리해 볼까요?",
    "Compare the two query plans and isolate the cause of the latency.",
    "이 가설이 맞는지 데이터로 확인하고 싶습니다.",
    "I keep worrying that the release will break. What should I check first?",
    "Ha, my code works and nobody knows why. Any theories?",
)
"""What people ask: ten messages, in English and Korean, of different tones and paces."""


@attrs.frozen
class OddPayload:
    """A body that a careful host takes or refuses, but never stumbles over.

    Attributes:
        name: what is odd about it.
        body: the bytes that are sent as JSON.
    """

    name: str
    body: bytes


def _saying(name: str, message: object) -> OddPayload:
    return OddPayload(name, json.dumps({"message": message}, ensure_ascii=False).encode())


EDGE_PAYLOADS = (
    _saying("empty", ""),
    _saying("blank", " \t\n\u3000"),
    _saying("one character", "?"),
    _saying("longest", "가" * LONGEST),
    _saying("too long", "a" * (LONGEST + 1)),
    _saying("emoji", "👩‍💻🔥 왜 안 되죠?! 🤷‍♀️👨‍👩‍👧‍👦"),
    _saying("markup and SQL", "<script>alert(1)</script> '; DROP TABLE users; -- ${7*7}"),
    _saying("control characters", "a\u0000b\u0007c\u202ed"),
    OddPayload("not JSON", b"{message: 'hello'"),
)
"""The nine odd payloads."""

EDGE_ACCEPTED = frozenset({200, 400, 422})
"""Statuses with which the host may answer an odd payload; 429 is not among them."""

ACCEPTED = frozenset({200, 429})
"""Statuses that count as success elsewhere: a rate limit that works is no failure."""


def numbered(number: int, run: str) -> str:
    """A message that no request before it has had, so that no cache knows its answer.

    Args:
        number: of the request.
        run: tells this run from others.
    """
    return f"{MESSAGES[number % len(MESSAGES)]} ({run}-{number})"
