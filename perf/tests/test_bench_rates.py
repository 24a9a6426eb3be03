"""The command perf.bench_rates; how fast this machine is, is not tested here."""

from __future__ import annotations

import json

import pytest

pytest.importorskip("ion_host_aiohttp")
pytest.importorskip("limits")
pytest.importorskip("redis")

from ion_framework.testing.network.redis_server import find_redis_server
from perf.bench_rates import main

pytestmark = pytest.mark.skipif(find_redis_server() is None, reason="needs a redis-server")


def test_both_counts_stand_beside_what_cannot_be_done_without(tmp_path, capsys):
    """A short run measures the count in the process and in Redis, each with its baseline."""
    assert main(["--runs", "1", "--number", "50", "--results", str(tmp_path)]) == 0

    (file,) = tmp_path.iterdir()
    found = json.loads(file.read_text("utf-8"))["measurements"]
    assert [item["what"] for item in found] == ["spend in this process", "spend in Redis"]
    assert all(item["samples"] and item["bare"] for item in found)
    assert "spend in Redis" in capsys.readouterr().out
