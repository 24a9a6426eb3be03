"""``POST /api/v2/bulk-process``."""

from __future__ import annotations

import asyncio

import pytest
from ion_host_aiohttp.service import ServiceLimits

BULK = "/api/v2/bulk-process"
MIXED = [
    {"user_input": "one"},
    {"user_input": " "},
    {"user_input": "two", "resonance_key": "happy-burst-plan"},
    5,
    {"resonance_key": "calm-burst-learning"},
    {"user_input": "three", "include_metadata": False},
]


async def post(host, body, **options):
    """The status and body of an answer."""
    response = await host.session.post(BULK, json=body, **options)
    return response, await response.json()


@pytest.mark.parametrize("parallel", [False, True])
async def test_each_item_is_judged_by_itself(hosting, parallel):
    """Items without an answer stand in errors with their index, and fail no other."""
    async with hosting() as host:
        response, body = await post(
            host, {"requests": MIXED, "parallel": parallel}, params={"request_id": "b"}
        )

    assert response.status == 200
    assert list(body) == [
        "success", "total", "successful", "failed", "results", "errors", "timestamp",
    ]  # fmt: skip
    assert (body["success"], body["total"], body["successful"], body["failed"]) == (True, 6, 2, 4)
    assert [(item["request_id"], item["content"]) for item in body["results"]] == [
        ("b-0", "answer to: one"),
        ("b-5", "answer to: three"),
    ]
    assert body["results"][1]["metadata"] is None
    assert [(item["index"], item["code"], item["field"]) for item in body["errors"]] == [
        (1, "INVALID_INPUT", "user_input"),
        (2, "VALIDATION_ERROR", "resonance_key"),
        (3, "VALIDATION_ERROR", None),
        (4, "VALIDATION_ERROR", "user_input"),
    ]
    assert [item["request_id"] for item in body["errors"]] == ["b-1", "b-2", "b-3", "b-4"]
    assert body["errors"][3]["errors"][0]["pointer"] == "#/user_input"
    assert all(item["message"] for item in body["errors"])


async def test_results_are_what_process_answers(hosting):
    """A result has the fields of an answer of process."""
    async with hosting() as host:
        _, body = await post(host, {"requests": [{"user_input": "hi"}]})
        response = await host.session.post("/api/v2/process", json={"user_input": "hi"})
        alone = await response.json()

    assert list(body["results"][0]) == list(alone)
    assert list(body["results"][0]["metadata"]) == list(alone["metadata"])


def slow_one(make, speak):
    """The parts of a host whose generator does what it is told."""
    slow = make.plugin("slow", "generator", make.generator(speak), fallback=True)
    return (make.lua, make.analyzer, make.router, slow)


async def test_parallel_items_run_at_the_same_time(hosting, make):
    """With parallel, items run at the same time, and never more of them than eight."""
    running, most = set(), []

    async def speak(text):
        running.add(text)
        most.append(len(running))
        await asyncio.sleep(0.05)
        running.discard(text)
        return text

    items = [{"user_input": f"message {index}"} for index in range(20)]
    async with hosting(*slow_one(make, speak)) as host:
        _, body = await post(host, {"requests": items, "parallel": True})
        assert max(most) == 8
        most.clear()
        _, other = await post(host, {"requests": items[:3], "parallel": False})
        assert max(most) == 1

    assert [item["content"] for item in body["results"]] == [i["user_input"] for i in items]
    assert other["successful"] == 3


async def test_one_deadline_is_over_all_items(hosting, make):
    """What has not begun when the time is up is reported so, and what is ready is given."""

    async def speak(text):
        await asyncio.sleep(30 if text == "slow" else 0)
        return text

    items = [{"user_input": text} for text in ("quick", "slow", "late", "later")]
    async with hosting(*slow_one(make, speak)) as host:
        _, body = await post(host, {"requests": items}, headers={"ION-Deadline-Ms": "400"})

    assert [item["content"] for item in body["results"]] == ["quick"]
    assert [(item["index"], item["code"], item["status"]) for item in body["errors"]] == [
        (1, "DEADLINE_EXCEEDED", 504),
        (2, "DEADLINE_EXCEEDED", 504),
        (3, "DEADLINE_EXCEEDED", 504),
    ]
    assert "before this request was begun" in body["errors"][2]["message"]
    assert "before this request was begun" not in body["errors"][0]["message"]


async def test_nothing_is_a_success_where_all_fail(hosting):
    """Where no item has an answer success is false, and the status stays 200."""
    async with hosting() as host:
        response, body = await post(host, {"requests": [{"user_input": ""}]})

    assert response.status == 200
    assert body["success"] is False


async def test_an_empty_batch_is_refused(hosting):
    """An empty batch is a 400 INVALID_INPUT that names the field."""
    async with hosting() as host:
        response, problem = await post(host, {"requests": []})

    assert response.status == 400
    assert (problem["error"]["code"], problem["error"]["field"]) == ("INVALID_INPUT", "requests")


@pytest.mark.parametrize(("most", "count"), [(100, 101), (2, 3)])
async def test_a_batch_that_is_too_large_is_refused(hosting, meter, most, count):
    """More items than the operator allows are a 413 REQUEST_TOO_LARGE, and cost one request."""
    asked = meter()
    items = [{"user_input": "hi"}] * count
    async with hosting(limits=ServiceLimits(bulk_items=most), door=asked) as host:
        response, problem = await post(host, {"requests": items})

    assert response.status == 413
    assert problem["error"]["code"] == "REQUEST_TOO_LARGE"
    assert problem["error"]["message"] == f"Maximum {most} requests per batch"
    assert asked.costs == [1]


@pytest.mark.parametrize("body", [{}, {"requests": "hi"}, {"requests": [], "parallel": "yes"}, []])
async def test_what_is_no_batch_is_refused(hosting, body):
    """A body that is no batch at all is a 422 in the one envelope."""
    async with hosting() as host:
        response, problem = await post(host, body)

    assert response.status == 422
    assert problem["error"]["code"] == "VALIDATION_ERROR"


async def test_a_batch_costs_what_it_holds(hosting, meter):
    """A batch counts as many requests as it holds, and the header tells what is left after it."""
    asked = meter()
    async with hosting(door=asked) as host:
        response, _ = await post(host, {"requests": [{"user_input": "hi"}] * 5})

    assert asked.costs == [1, 4]
    assert response.headers["RateLimit"] == "r=995"


async def test_a_batch_beyond_the_quota_is_not_begun(hosting, make, meter):
    """A batch that the caller's quota does not hold is a 429, and none of it was answered."""
    answered = []

    async def speak(text):
        answered.append(text)
        return text

    async with hosting(*slow_one(make, speak), door=meter(most=3)) as host:
        response, _ = await post(host, {"requests": [{"user_input": "hi"}] * 5})

    assert response.status == 429
    assert not answered


async def test_an_unforeseen_error_fails_its_item_only(hosting, meter):
    """An item that breaks the host's own code is an INTERNAL_ERROR, and the log tells of it."""

    class Broken(meter):
        async def book(self, caller, tokens):
            raise ValueError("secret")

    async with hosting(door=Broken()) as host:
        response, body = await post(host, {"requests": [{"user_input": "hi"}, {"user_input": ""}]})
        lines = host.lines("item failed")

    assert response.status == 200
    assert [item["code"] for item in body["errors"]] == ["INTERNAL_ERROR", "INVALID_INPUT"]
    assert "secret" not in await response.text()
    assert len(lines) == 1
