"""Streams of third parties that get no time at all."""

from __future__ import annotations

import asyncio
import gc

import pytest

from ion_framework.pipeline.supervision import Overrun, supervise_stream


async def words():
    """A stream."""
    yield "word"


async def test_a_stream_without_time_leaves_nothing_behind(recwarn):
    """It overruns before it has begun, and nothing is left that was never awaited."""
    with pytest.raises(Overrun):
        async for _ in supervise_stream(words(), lambda: 0.0):
            pass
    await asyncio.sleep(0)
    gc.collect()

    assert not recwarn.list
