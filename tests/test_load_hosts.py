"""``ion load`` against real hosts: ``ion serve`` as a process, before fake model servers."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from contextlib import asynccontextmanager

import pytest
from aiohttp import ClientError, ClientSession

from ion_framework.testing import FakeOpenAI
from ion_framework.testing.model_servers.faults import Answer, Failure
from ion_framework.testing.network.ports import free_port

pytest.importorskip("ion_load")

pytestmark = pytest.mark.outage

ION = (sys.executable, "-P", "-m", "ion_framework.cli")
READY_S = 60
SLOW_S = 1.5
SHORT = ("--users", "5", "--spawn-rate", "5", "--duration", "3s", "--cool-down", "0")
SCENARIOS = (
    "light",
    "edge",
    "conversations",
    "streaming",
    # The same users as those above, in other numbers.
    *(
        pytest.param(name, marks=pytest.mark.slow)
        for name in ("medium", "heavy", "stress", "soak", "spike", "chat-only", "v2")
    ),
)


def environment(**changes):
    """The variables of somebody without settings of ION, with some changes."""
    own = ("ION_", "PORT", "GEMINI_", "GITHUB_", "LOCUST_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(own)}
    return {**kept, "LANG": "C.UTF-8", "PYTHONIOENCODING": "utf-8", **changes}


@asynccontextmanager
async def serving(folder, **environ):
    """A host; gives its address."""
    port = free_port()
    with (folder / "host.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *ION, "serve", "--port", str(port),
            cwd=folder, stdout=log, stderr=log,
            env=environment(ION_DATA_DIR=str(folder / "data"), **environ),
        )  # fmt: skip
    try:
        url = f"http://127.0.0.1:{port}"
        await asyncio.wait_for(_ready(url), READY_S)
        yield url
    finally:
        process.send_signal(signal.SIGINT)
        try:
            await asyncio.wait_for(process.wait(), 20)
        except TimeoutError:
            process.kill()
            await process.wait()


async def _ready(url):
    async with ClientSession() as session:
        while True:
            try:
                async with session.get(f"{url}/health/ready") as response:
                    if response.ok:
                        return
            except ClientError:
                await asyncio.sleep(0.1)


async def load(folder, *arguments, **environ):
    """Run ``ion load``; gives its exit code and what it printed."""
    process = await asyncio.create_subprocess_exec(
        *ION, "load", *arguments,
        cwd=folder, env=environment(**environ), stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await asyncio.wait_for(process.communicate(), 180)
    return process.returncode, out.decode(), err.decode()


def behind(fake):
    """The variables of a host that asks this model server and nothing else."""
    return {
        "ION_OPENAI_BASE_URL": fake.base_url,
        "ION_OPENAI_MODEL": "fake-model",
        "ION_PLUGINS_DISABLE": "offline",
        "ION_RATE_LIMIT": "off",
    }


@pytest.fixture(scope="module")
def host(tmp_path_factory):
    """One host with the offline generator and without a rate limit, for all tests of this file."""
    folder = tmp_path_factory.mktemp("host")
    runner = asyncio.Runner()
    context = serving(folder, ION_RATE_LIMIT="off")
    yield runner.run(context.__aenter__())
    runner.run(context.__aexit__(None, None, None))
    runner.close()


async def test_the_gate_passes_a_healthy_host(host, tmp_path):
    """A host that is well passes the gate, and its figures pass against themselves."""
    code, out, err = await load(
        tmp_path, "gate", "--url", host, "--rate", "5", "--duration", "6s", "--p95-ms", "5000",
        "--out", "run.json",
    )  # fmt: skip
    again, told, _ = await load(
        tmp_path, "gate", "run.json", "--baseline", "run.json", "--p95-ms", "5000", "--json"
    )

    assert 0 == code, out + err
    assert "The gate passes." in out
    assert 0 == again
    assert [
        "requests", "P95", "errors", "P95 against baseline", "errors against baseline"
    ] == [check["name"] for check in json.loads(told)["checks"]]  # fmt: skip
    assert {"passed"} == {check["verdict"] for check in json.loads(told)["checks"]}


async def test_the_gate_fails_a_host_with_latency(tmp_path):
    """A host whose model server is slow fails, and P95 is what is named."""
    async with FakeOpenAI() as fake:
        fake.behave(Answer(("Fine.",), first_delay_s=SLOW_S))
        async with serving(tmp_path, **behind(fake)) as url:
            code, out, err = await load(
                tmp_path, "gate", "--url", url, "--rate", "5", "--duration", "4s"
            )

    assert 1 == code, out + err
    assert "The gate fails: P95." in out, out


async def test_the_gate_fails_a_host_with_errors(tmp_path):
    """A host whose model server fails, and that has no other generator, fails by its errors."""
    async with FakeOpenAI() as fake:
        fake.behave(Failure(500))
        async with serving(tmp_path, **behind(fake)) as url:
            code, out, err = await load(
                tmp_path, "gate", "--url", url, "--rate", "5", "--duration", "4s",
                "--p95-ms", "30000",
            )  # fmt: skip

    assert 1 == code, out + err
    assert "The gate fails: errors." in out, out
    assert "status 503" in out


# The gates for latency and errors run always.
@pytest.mark.slow
async def test_degraded_answers_can_fail_the_gate(tmp_path):
    """A host that answers offline for a model that fails passes, unless degraded ones count."""
    async with FakeOpenAI() as fake:
        fake.behave(Failure(500))
        environ = {**behind(fake), "ION_PLUGINS_DISABLE": ""}
        slack = ("--rate", "5", "--duration", "4s", "--p95-ms", "30000")
        async with serving(tmp_path, **environ) as url:
            lenient = await load(tmp_path, "gate", "--url", url, *slack)
            strict = await load(tmp_path, "gate", "--url", url, *slack, "--max-degraded-pct", "1")

    assert 0 == lenient[0], lenient
    assert "answers were degraded" in lenient[1]
    assert 1 == strict[0], strict
    assert "The gate fails: degraded." in strict[1]


async def test_a_rate_limit_below_the_rate_is_named(tmp_path):
    """A host that refuses most of the load fails, and the output says that its limit is why."""
    async with serving(tmp_path, ION_RATE_LIMIT="3/minute") as url:
        code, out, _ = await load(tmp_path, "gate", "--url", url, "--rate", "5", "--duration", "4s")

    assert 1 == code
    assert "the host's rate limit is below the rate of this load" in out


@pytest.mark.parametrize("scenario", SCENARIOS)
async def test_every_scenario_runs_without_failures(scenario, host, tmp_path):
    """In short form each scenario makes requests, and the host fails none of them."""
    code, out, err = await load(
        tmp_path, "run", scenario, *SHORT, "--url", host, "--out", "results"
    )

    assert 0 == code, out + err
    (stats,) = (tmp_path / "results").glob(f"load_test_{scenario}_*_stats.csv")
    (answers,) = (tmp_path / "results").glob("*_answers.json")
    statuses = json.loads(answers.read_text("utf-8"))
    assert {"200", "422"} >= set(statuses)
    assert "200" in statuses
    judged, _, _ = await load(
        tmp_path, "gate", str(stats), "--min-requests", "3", "--p95-ms", "20000"
    )
    assert 0 == judged


async def test_results_of_locust_are_summarized_and_drawn(host, tmp_path):
    """What real runs of locust left is read by the summary and by the trend."""
    for workers in ("1", "2"):
        code, out, err = await load(
            tmp_path, "run", "chat-only", *SHORT, "--workers", workers, "--url", host,
            "--out", "results",
        )  # fmt: skip
        assert 0 == code, out + err
        await asyncio.sleep(1.1)
    stats = sorted(map(str, (tmp_path / "results").glob("*_stats.csv")))

    code, out, _ = await load(
        tmp_path, "summarize", *stats, "--with-success-rate", "--with-overall", "--ascii-status"
    )
    drawn, names, said = await load(tmp_path, "trend", *stats, "--out", "trend")

    assert 0 == code
    rows = [line.split(" | ") for line in out.splitlines()[2:]]
    assert ["| chat-only", "| chat-only", "| Overall"] == [row[0] for row in rows]
    assert int(rows[2][1]) == int(rows[0][1]) + int(rows[1][1])
    assert {"100%"} == {row[3] for row in rows}
    assert 0 == drawn, said
    assert ["trend.png", "trend.svg"] == names.split()


async def test_the_probe_meets_the_rate_limit(tmp_path):
    """Of ten chats a host with three a minute answers three, and says when to come back."""
    async with serving(tmp_path, ION_RATE_LIMIT="3/minute") as url:
        code, out, _ = await load(
            tmp_path, "probe", "--url", url, "--legacy-url", url, "--method", "POST",
            "--requests", "10", "--delay-ms", "0", "--json",
        )  # fmt: skip
        document = json.loads(out)

    assert 0 == code
    canary = document["canary"]
    assert (10, 3, 7, 30.0) == (
        canary["requests"], canary["success"], canary["failed"], canary["success_rate"]
    )  # fmt: skip
    assert (7, 7) == (canary["rate_limited"], canary["retry_after_count"])
    assert 0 < canary["retry_after_max_s"] <= 60
    assert canary["min_response_ms"] <= canary["avg_response_ms"] + 1
