"""How long a caller waits, from the header ``ION-Deadline-Ms``."""

from __future__ import annotations

import re
from http import HTTPStatus

from ion_framework.settings.checks import LONGEST_S
from ion_host_aiohttp.errors.failure import Failure, RequestFailed
from ion_host_aiohttp.errors.messages import say

HEADER = "ION-Deadline-Ms"
LONGEST_MS = int(LONGEST_S * 1000)


def asked_deadline_s(header: str | None) -> float | None:
    """Seconds that the caller gives the whole turn, None without a wish.

    The settings bound it: ``turn.deadline_s`` is the most that any turn gets.

    Raises:
        RequestFailed: 400, the header is no whole number of milliseconds from 1 to a day's.
    """
    if header is None:
        return None
    text = header.strip()
    if _NUMBER.fullmatch(text) and 1 <= int(text) <= LONGEST_MS:
        return int(text) / 1000
    raise RequestFailed(
        Failure(
            status=HTTPStatus.BAD_REQUEST,
            code="INVALID_DEADLINE",
            message=say("invalid_deadline", header=HEADER, most=LONGEST_MS),
            field=HEADER,
        )
    )


# int() would take signs, underscores and the digits of every script, and thousands of them.
_NUMBER = re.compile(r"[0-9]{1,9}")
