"""The gate: strict limits, verdicts, the comparison, and the command on a real server."""

from __future__ import annotations

import asyncio
import math
import re

import attrs
import pytest
from aiohttp import web
from ion_load.figures import Range, nothing, of_shots
from ion_load.gate import Limits, Verdict, judge
from ion_load.gate_remarks import remarks
from ion_load.open_loop import Answer, Shot
from ion_load.reading import read_figures

OK, BROKEN, UNSURE = Verdict.PASSED, Verdict.FAILED, Verdict.INCONCLUSIVE


def run(requests=100, failures=0, took_ms=10.0, rate=10.0):
    """Figures of requests that all took as long."""
    shots = [
        Shot(
            0.0,
            0.0,
            took_ms / 1000,
            Answer(500, "status 500") if number < failures else Answer(200),
        )
        for number in range(requests)
    ]
    return of_shots("run", rate, shots)


def verdicts(figures, limits=None, baseline=None):
    """The verdicts by the names of the checks."""
    return {check.name: check.verdict for check in judge(figures, limits or Limits(), baseline)}


def with_p95(value):
    """Figures with this P95."""
    return attrs.evolve(run(), p95_ms=Range(value, value, value))


def test_the_limits_are_the_agreed_ones():
    """Without options P95 is judged at 500 ms, errors at 1 per cent, requests at 10."""
    assert (500, 1, 10) == (Limits().p95_ms, Limits().max_error_pct, Limits().min_requests)


@pytest.mark.parametrize(
    ("figures", "broken"),
    [
        (run(), set()),
        (with_p95(499.99), set()),
        (with_p95(500.0), {"P95"}),
        (with_p95(501.0), {"P95"}),
        (run(requests=101, failures=1), set()),
        (run(requests=100, failures=1), {"errors"}),
        (run(requests=11), set()),
        (run(requests=10), {"requests"}),
        (run(requests=10, failures=9, took_ms=900), {"requests", "errors", "P95"}),
        (nothing("none"), {"requests", "errors", "P95"}),
    ],
)
def test_every_limit_is_strict(figures, broken):
    """P95 and errors have to be below, requests above; without data everything breaks."""
    found = verdicts(figures)

    assert broken == {name for name, verdict in found.items() if verdict is BROKEN}
    assert {"requests", "P95", "errors"} == set(found)


def test_degraded_answers_count_where_they_are_limited():
    """Degraded answers break a limit of their own, which is there only on request."""
    figures = attrs.evolve(run(), degraded=50)

    assert "degraded" not in verdicts(figures)
    assert BROKEN is verdicts(figures, Limits(max_degraded_pct=50))["degraded"]
    assert OK is verdicts(figures, Limits(max_degraded_pct=51))["degraded"]


def test_degraded_answers_that_are_not_counted_break_their_limit(stats):
    """Where a file does not tell how many there were, their limit is broken, and said why."""
    figures = read_figures(stats("x_stats.csv", 100))
    (*_, check) = judge(figures, Limits(max_degraded_pct=5))

    assert (BROKEN, "-", "the file does not tell") == (check.verdict, check.found, check.why)
    assert BROKEN is verdicts(nothing("none"), Limits(max_degraded_pct=5))["degraded"]


@pytest.mark.parametrize(
    ("now_ms", "before_ms", "verdict"), [(100, 100, OK), (119, 100, OK), (50, 100, OK)]
)
def test_as_fast_as_before_passes(now_ms, before_ms, verdict):
    """A P95 up to the allowed part above the baseline's passes."""
    found = verdicts(run(took_ms=now_ms), Limits(), run(took_ms=before_ms))

    assert verdict is found["P95 against baseline"]


def test_slower_beyond_chance_fails():
    """A P95 whose range lies above all that is allowed fails, though the limit itself holds."""
    found = verdicts(run(took_ms=200), Limits(), run(took_ms=100))

    assert (OK, BROKEN) == (found["P95"], found["P95 against baseline"])


def test_few_slow_requests_prove_nothing():
    """Against a baseline of few requests, of which all may have been quick by luck, it is open."""
    now, before = run(took_ms=200), run(requests=40, took_ms=100)

    assert UNSURE is verdicts(now, Limits(), before)["P95 against baseline"]
    assert "(100.00 and more)" in judge(before, Limits(), before)[3].found


def test_slower_perhaps_by_chance_is_inconclusive():
    """A P95 above what is allowed whose range still meets it is neither passed nor failed."""
    now = attrs.evolve(run(), p95_ms=Range(100, 130, 200))
    before = attrs.evolve(run(), p95_ms=Range(90, 100, 110))

    assert UNSURE is verdicts(now, Limits(), before)["P95 against baseline"]


@pytest.mark.parametrize(("failures", "verdict"), [(0, OK), (2, OK), (4, UNSURE), (30, BROKEN)])
def test_errors_are_compared_by_their_ranges(failures, verdict):
    """As many errors as before pass, a few more may be chance, very many are not."""
    found = verdicts(run(200, failures), Limits(max_error_pct=100), run(200, 2))

    assert verdict is found["errors against baseline"]


@pytest.mark.parametrize(
    ("now", "before", "verdict"),
    [
        (run(), nothing("none"), BROKEN),
        (nothing("none"), run(), BROKEN),
        (run(), run(requests=10), UNSURE),
        (run(), run(rate=20.0), UNSURE),
        (run(), attrs.evolve(run(), rate=None), UNSURE),
    ],
)
def test_what_cannot_be_compared_is_not_passed(now, before, verdict):
    """No data fails; too little of it, another rate or a closed loop leave it open."""
    found = verdicts(now, Limits(), before)

    assert verdict is found["P95 against baseline"]
    assert verdict is found["errors against baseline"]


async def test_the_command_passes_a_healthy_server(load, server, tmp_path):
    """Against a server that is well the gate exits with 0, and writes figures that it can read."""
    done = await load("gate", "--url", server.url, "--duration", "2s", "--out", "run.json")
    again = await load("gate", "run.json", "--baseline", "run.json")

    assert 0 == done.code, done.err
    assert "The gate passes." in done.out
    assert 0 == again.code
    assert "P95 against baseline" in again.out


async def test_the_command_names_latency(load, server):
    """Against a slow server the gate exits with 1, names P95 alone, and tells all percentiles."""

    async def slow(request):
        await asyncio.sleep(0.7)
        return await server.well(request)

    server.behave = slow
    done = await load("gate", "--url", server.url, "--duration", "2s")

    assert 1 == done.code
    assert "The gate fails: P95." in done.out
    assert re.search(r"Latencies: P50 \d+\.\d, P95 .*, P99 .*, largest \d+\.\d ms\.", done.out)


def test_latencies_of_a_closed_loop_are_called_so(stats):
    """Figures of locust are told with what they hide, those at a constant rate without."""
    closed = " ".join(remarks(read_figures(stats("x_stats.csv", 100))))

    assert "closed loop" in closed
    assert "two digits" in closed
    assert "closed" not in " ".join(remarks(run()))


@pytest.mark.parametrize(
    ("took_ms", "late_ms", "told"), [(10, 4, False), (100, 10, False), (100, 40, True)]
)
def test_a_sender_that_is_late_is_told(took_ms, late_ms, told):
    """Lateness of the sender is told where it is more than a tenth of P95 and than 5 ms."""
    figures = attrs.evolve(run(took_ms=took_ms), late_ms=late_ms)

    assert told is any("sent the requests late" in remark for remark in remarks(figures))


async def test_a_host_that_asks_for_a_key_is_told(load, server):
    """Where the answers are 401, the gate says where a key goes."""

    async def closed(request):
        return web.Response(status=401)

    server.behave = closed
    done = await load("gate", "--url", server.url, "--duration", "1s")

    assert 1 == done.code
    assert "10 × status 401; the host asks for a key" in done.out


async def test_the_command_names_errors(load, server):
    """Against a server that fails now and then the gate exits with 1 and tells the statuses."""

    async def failing(request):
        return web.Response(status=500 if len(server.seen) % 2 else 200)

    server.behave = failing
    done = await load("gate", "--url", server.url, "--duration", "2s", "--p95-ms", "30000")

    assert 1 == done.code
    assert "The gate fails: errors." in done.out
    assert "10 × status 500" in done.out


async def test_the_command_fails_where_nobody_listens(load, server):
    """An address at which nobody listens has errors, and no P95 that could keep a limit."""
    await server.stop()
    await server.start()
    url = server.url
    await server.stop()

    done = await load("gate", "--url", url, "--duration", "2s", "--out", "run.json")
    read = await load("gate", "run.json", "--baseline", "run.json", "--json")
    await server.start()

    assert 1 == done.code
    assert "The gate fails: P95, errors." in done.out
    assert re.search(r"P95 +- +< 500 ms +FAILED +no data", done.out)
    checks = {check["name"]: (check["found"], check["verdict"]) for check in read.json()["checks"]}
    assert ("-", "failed") == checks["P95"]
    assert "failed" == checks["P95 against baseline"][1]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("<html>It works!</html>", "answer 200 is not JSON"),
        ("[]", "answer 200 is no JSON object"),
        ("{}", "answer 200 has no content"),
        ('{"content": " \\n"}', "answer 200 has no content"),
    ],
)
async def test_answers_that_say_nothing_are_errors(load, server, body, said):
    """An answer 200 without a text of its own fails the gate, which says what is wrong."""

    async def hollow(request):
        return web.Response(text=body, content_type="application/json")

    server.behave = hollow
    done = await load("gate", "--url", server.url, "--duration", "2s")

    assert 1 == done.code
    assert f"20 × {said}" in done.out


def test_requests_that_run_out_of_time_have_a_latency():
    """A request that no answer came for in time counts in P95; one that was refused does not."""
    shots = [Shot(0, 0, 0.001, Answer(0, "refused"))] * 9
    late = Shot(0, 0, 30, Answer(0, "TimeoutError", timed_out=True))

    assert 30_000 == of_shots("x", 1, [*shots, late]).p50_ms.value
    assert math.isnan(of_shots("x", 1, shots).p95_ms.value)


async def test_a_file_that_is_not_there_fails(load):
    """A run that left no file fails for want of data, as JSON too."""
    done = await load("gate", "nowhere_stats.csv", "--json")

    assert 1 == done.code
    assert not done.json()["passes"]
    assert {"no data"} == {check["why"] for check in done.json()["checks"]}
    assert {"failed"} == {check["verdict"] for check in done.json()["checks"]}
    assert done.json()["latency_ms"]["p95"] is None
    assert "No request is in no.csv (missing)." in (await load("gate", "no.csv")).out


async def test_the_summary_of_a_github_step_gets_the_table(load, stats, tmp_path):
    """The table is added to the file that GitHub names, behind what is there."""
    summary = tmp_path / "summary.md"
    summary.write_text("before\n", "utf-8")
    file = stats("x_stats.csv", 500, 50)

    done = await load("gate", file, GITHUB_STEP_SUMMARY=str(summary))

    assert 1 == done.code
    lines = summary.read_text("utf-8").splitlines()
    assert ["before", "### Load gate: The gate fails: errors."] == lines[:2]
    assert "| errors | 10.00 % (50) | < 1 % | FAILED |  |" in lines
    assert "Latencies: P50 20.0, P95 40.0, P99 60.0 ms." in lines


async def test_an_inconclusive_comparison_fails_on_request(load, stats):
    """A comparison that is open passes with a doubt, or fails where that is asked for."""
    now, before = stats("now_stats.csv", 500), stats("before_stats.csv", 5)

    open_ = await load("gate", now, "--baseline", before)
    strict = await load("gate", now, "--baseline", before, "--inconclusive-fails")

    assert (0, 1) == (open_.code, strict.code)
    assert "The gate passes, with a doubt." in open_.out
    assert "inconclusive" in strict.out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "give FILE or --url"),
        (("x.csv", "--url", "http://127.0.0.1:1"), "not both"),
        (("x.csv", "--out", "y.json"), "--out needs --url"),
        (("x.csv", "--rate", "5"), "--rate needs --url"),
        (("x.csv", "--duration", "5s"), "--duration needs --url"),
        (("x.csv", "--repeat"), "--repeat needs --url"),
        (("--url", "127.0.0.1:8080"), "no address of a host"),
        (("--url", "http://me:hush@127.0.0.1"), "no address of a host"),
        (("x.csv", "--p95-ms", "0"), "--p95-ms"),
        (("x.csv", "--baseline", "none.json"), "none.json"),
    ],
)
async def test_wrong_command_lines_are_refused(load, arguments, said):
    """What does not fit together ends with 2, says why, and shows no password."""
    done = await load("gate", *arguments)

    assert 2 == done.code
    assert said in done.err
    assert "hush" not in done.err
