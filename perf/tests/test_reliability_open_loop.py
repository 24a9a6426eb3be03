"""The load of the promises: that of `ion_load`, for senders that say what went wrong."""

from __future__ import annotations

import pytest

pytest.importorskip("ion_two_tier_cache")
pytest.importorskip("ion_load")

from perf.reliability.open_loop import open_loop


async def test_what_a_request_raises_is_its_failure():
    """An exception of the client and a failure that it tells are both kept, with their requests."""

    async def send(number):
        if number == 1:
            raise ConnectionResetError("gone")
        return "HTTP 503" if number == 2 else ""

    load = await open_loop(send, rate=1000, seconds=0.004)

    assert load.failures == ("ConnectionResetError: gone", "HTTP 503")
    assert [bool(shot.failure) for shot in load.shots] == [False, True, True, False]
