"""Locust as a process of its own, against a server that behaves as told."""

from __future__ import annotations

import asyncio
import csv
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from aiohttp import web
from ion_load.locust_process import Order, command
from ion_load.scenarios import SCENARIOS

pytestmark = pytest.mark.once

SHORT = ("--users", "5", "--spawn-rate", "5", "--duration", "4s", "--cool-down", "0")


STAMP = re.compile(r"_\d{8}_\d{6}")


def files(folder):
    """The names of the files of results, without their times."""
    return {STAMP.sub("", file.name) for file in (folder / "perf" / "results").iterdir()}


def test_locust_is_told_classes_and_tags():
    """Kinds of users and tags of a scenario are on locust's command line; the key is not."""
    told = command(Order(SCENARIOS["edge"], "http://h", 1, Path("x"), key="hush"))

    assert ("--", "EdgeUser") == told[-2:]
    assert "edge" == told[told.index("--tags") + 1]
    assert "--exclude-tags" not in told
    assert "--processes" not in told
    assert "hush" not in " ".join(told)
    assert "--exclude-tags" in command(Order(SCENARIOS["light"], "http://h", 2, Path("x")))


def test_what_runs_locust_never_imports_it():
    """No module but those that locust loads imports it: it would change the standard library."""
    code = (
        "import importlib, pkgutil, sys\nimport ion_load\n"
        "for module in pkgutil.iter_modules(ion_load.__path__, 'ion_load.'):\n"
        "    module.ispkg or importlib.import_module(module.name)\n"
        "print({'locust', 'gevent'} & set(sys.modules), len(sys.modules))\n"
    )
    done = subprocess.run(
        (sys.executable, "-P", "-c", code), capture_output=True, text=True, check=True
    )

    assert done.stdout.startswith("set()"), done.stdout


async def test_a_run_leaves_every_file(load, server, tmp_path):
    """A scenario leaves CSV, HTML, counts and log; the run a summary, twice, and prints it."""
    done = await load("run", "light", *SHORT, "--url", server.url, ION_API_KEY="secret")

    assert 0 == done.code, done.err + done.out
    assert {
        "load_test_light_stats.csv", "load_test_light_stats_history.csv",
        "load_test_light_failures.csv", "load_test_light_exceptions.csv", "load_test_light.html",
        "load_test_light_answers.json", "load_test_light.log", "summary_light.md",
        "summary_latest.md",
    } == files(tmp_path)  # fmt: skip
    assert {("POST", "/chat"), ("GET", "/health"), ("GET", "/docs")} >= set(server.seen)
    assert {"Bearer secret"} == {headers["Authorization"] for headers in server.headers}
    assert (tmp_path / "perf" / "results" / "summary_latest.md").read_text("utf-8") == done.out
    assert "| light |" in done.out


async def test_every_request_is_in_the_table(load, server, tmp_path):
    """The table, the counts by status and the server agree on how many requests there were."""

    async def slow(request):
        await asyncio.sleep(0.3)
        return await server.well(request)

    server.behave = slow
    done = await load("run", "chat-only", *SHORT, "--workers", "2", "--url", server.url)

    assert 0 == done.code, done.err + done.out
    (stats,) = (tmp_path / "perf" / "results").glob("*_stats.csv")
    with stats.open(encoding="utf-8", newline="") as file:
        counted = int(list(csv.DictReader(file))[-1]["Request Count"])
    (answers,) = (tmp_path / "perf" / "results").glob("*_answers.json")
    assert {"200": counted} == json.loads(answers.read_text("utf-8"))
    assert counted == len(server.seen)
    users = {json.loads(body)["user_id"] for body in server.bodies}
    assert 5 == len(users)


async def test_a_run_is_told_as_json(load, server, tmp_path):
    """``--json`` has figures, counts of answers and where the files are."""
    done = await load("run", "chat-only", *SHORT, "--url", server.url, "--json")

    assert 0 == done.code, done.err
    (row,) = done.json()["scenarios"]
    assert done.json()["well"]
    assert (tmp_path / done.json()["summary"]).is_file()
    assert {"200": row["requests"]} == row["answers"]
    assert ("chat-only", "read", 0) == (row["scenario"], row["state"], row["exit_code"])


async def test_refusals_are_no_failures_and_are_told(load, server):
    """Answers 429 leave a chat without failures, and the summary says what they were."""

    async def refusing(request):
        return web.Response(status=429)

    server.behave = refusing
    done = await load("run", "chat-only", *SHORT, "--url", server.url)

    assert 0 == done.code
    assert "100.0 % were refused by the rate limit" in done.out


async def test_refusals_fail_odd_payloads(load, server):
    """In the scenario edge only 200, 400 and 422 are success: 429 fails the run."""

    async def refusing(request):
        return web.Response(status=(400, 422, 429)[len(server.seen) % 3])

    server.behave = refusing
    done = await load("run", "edge", *SHORT, "--url", server.url, "--out", "out")

    assert 1 == done.code
    assert {("POST", "/chat")} == set(server.seen)
    assert "❌" in done.out


# A run of a quarter of a minute.
@pytest.mark.slow
async def test_streams_have_to_be_complete(load, server):
    """A stream that ends without ``done``, or whose ``done`` says nothing, is a failure."""
    delta, done = "event: delta\ndata: {}\n\n", "event: done\ndata: {}\n\n"
    texts = [delta + done.replace("{}", '{"content": "Hi."}')]

    async def streaming(request):
        text = texts[-1]
        return web.Response(text=text, content_type="text/event-stream")

    server.behave = streaming
    good = await load("run", "streaming", *SHORT, "--url", server.url)
    texts.append(delta)
    cut = await load("run", "streaming", *SHORT, "--url", server.url, "--out", "cut")
    texts.append(delta + done)
    hollow = await load("run", "streaming", *SHORT, "--url", server.url, "--out", "hollow")

    assert (0, 1, 1) == (good.code, cut.code, hollow.code)
    assert "Accept" in server.headers[0]
    assert "text/event-stream" == server.headers[0]["Accept"]


async def test_a_host_that_is_not_there_fails(load, server):
    """Where nobody listens every request fails, and the exit code is 1."""
    url = server.url
    await server.stop()
    done = await load("run", "chat-only", *SHORT, "--url", url)
    await server.start()

    assert 1 == done.code
    assert "❌" in done.out


async def test_answers_that_say_nothing_fail(load, server, tmp_path):
    """Answers 200 without content are failures, which locust's table of failures names."""

    async def hollow(request):
        return web.json_response({})

    server.behave = hollow
    done = await load("run", "chat-only", *SHORT, "--url", server.url, "--json")

    assert 1 == done.code
    (row,) = done.json()["scenarios"]
    assert row["requests"] == row["failures"] > 0
    failures = (tmp_path / f"{row['files']}_failures.csv").read_text("utf-8")
    assert "answer 200 has no content" in failures
    summary = (tmp_path / done.json()["summary"]).read_text("utf-8")
    assert f"| POST /chat | answer 200 has no content | {row['failures']} |" in summary


# Two runs of locust with a rest between them.
@pytest.mark.slow
async def test_scenarios_follow_each_other_with_a_rest(load, server):
    """Two scenarios run one after another, with the rest of the first between them, and a sum."""
    short = (*SHORT[:-1], "1")
    done = await load("run", "v2", "conversations", *short, "--url", server.url)

    assert "rest of 1s after v2" in done.err
    assert "| Overall |" in done.out
    assert done.out.index("## v2") < done.out.index("## conversations")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "Missing argument"),
        (("light",), "ION_API_HOST"),
        (("nonsense", "--url", "http://h"), "nonsense"),
        (("light",), "--url"),
        (("light", "--url", "http://h", "--workers", "0"), "--workers"),
        (("light", "--url", "http://h", "--duration", "never"), "no duration"),
    ],
)
async def test_wrong_runs_are_refused(load, arguments, said):
    """A command line that names no scenario, no host or odd numbers ends with 2."""
    done = await load("run", *arguments)

    assert 2 == done.code
    assert said in done.err


async def test_settings_of_locust_elsewhere_do_not_reach_it(load, server, tmp_path):
    """A file of settings in the folder, and variables of locust, change nothing in a run."""
    (tmp_path / "locust.conf").write_text("users = 99\nspawn-rate = 99\n", "utf-8")

    done = await load("run", "chat-only", *SHORT, "--url", server.url, LOCUST_USERS="77")

    assert 0 == done.code, done.err + done.out
    assert 5 == len({json.loads(body)["user_id"] for body in server.bodies})
