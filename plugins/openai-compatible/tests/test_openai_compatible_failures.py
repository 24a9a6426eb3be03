"""What statuses, error documents and headers mean."""

from __future__ import annotations

from typing import Any

import pytest
from ion_openai_compatible.failures import of_error_event, of_status, refuses_prompt, retry_after_s

from ion_framework.errors import FailureCause

pytestmark = pytest.mark.outage

NOW = 1_795_237_539.0  # Sat, 21 Nov 2026 05:05:39 GMT


def error(**fields: Any) -> dict[str, Any]:
    """An error document."""
    return {"error": {"message": "S3CRET", "param": None, **fields}}


@pytest.mark.parametrize(
    ("status", "found", "cause"),
    [
        (400, {}, FailureCause.REJECTED),
        (400, error(code="context_length_exceeded"), FailureCause.REJECTED),
        (400, error(code="model_not_found"), FailureCause.UNKNOWN_MODEL),
        (400, error(code=None, type="invalid_request_error"), FailureCause.REJECTED),
        (401, error(type="invalid_request_error"), FailureCause.DENIED),
        (402, {}, FailureCause.DENIED),
        (403, {}, FailureCause.DENIED),
        (404, {}, FailureCause.UNKNOWN_MODEL),
        (405, {}, FailureCause.BAD_ANSWER),
        (408, {}, FailureCause.TIMEOUT),
        (413, {}, FailureCause.REJECTED),
        (422, {}, FailureCause.REJECTED),
        (429, {}, FailureCause.RATE_LIMITED),
        (429, error(code="rate_limit_exceeded", type="requests"), FailureCause.RATE_LIMITED),
        (429, error(code="insufficient_quota"), FailureCause.DENIED),
        (429, error(type="insufficient_quota", code=None), FailureCause.DENIED),
        (500, error(type="server_error"), FailureCause.UNAVAILABLE),
        (501, {}, FailureCause.BAD_ANSWER),
        (502, {}, FailureCause.UNAVAILABLE),
        (503, {}, FailureCause.UNAVAILABLE),
        (504, {}, FailureCause.UNAVAILABLE),
        (529, {}, FailureCause.UNAVAILABLE),
        (307, {}, FailureCause.BAD_ANSWER),
        (599, {"error": "S3CRET"}, FailureCause.BAD_ANSWER),
        (500, {"error": [1], "code": {"a": 1}}, FailureCause.UNAVAILABLE),
        (404, {"object": "error", "message": "S3CRET", "code": 404}, FailureCause.UNKNOWN_MODEL),
    ],
)
def test_every_status_has_a_cause(status: int, found: dict[str, Any], cause: FailureCause) -> None:
    """A known code goes before the status; the text names the status and nothing foreign."""
    failure = of_status(status, found, 7.0)

    assert (cause, 7.0) == (failure.cause, failure.retry_after_s)
    assert f"HTTP {status}" in str(failure)
    assert "S3CRET" not in str(failure)


@pytest.mark.parametrize(
    ("found", "cause"),
    [
        (error(type="server_error", code=None), FailureCause.UNAVAILABLE),
        (error(code="rate_limit_exceeded"), FailureCause.RATE_LIMITED),
        (error(code=400, type="BadRequestError"), FailureCause.REJECTED),
        (error(code=503), FailureCause.UNAVAILABLE),
        (error(code="S3CRET"), FailureCause.UNAVAILABLE),
        ({"error": "S3CRET"}, FailureCause.UNAVAILABLE),
        ({"object": "error", "message": "S3CRET", "code": 429}, FailureCause.RATE_LIMITED),
    ],
)
def test_errors_inside_a_stream_have_a_cause(found: dict[str, Any], cause: FailureCause) -> None:
    """Without a status the code decides, and an unknown one means that the server is unwell."""
    failure = of_error_event(found)

    assert cause is failure.cause
    assert "S3CRET" not in str(failure)


def test_a_refused_prompt_is_known_by_its_code() -> None:
    """Only the codes of content filters mean that the prompt itself was declined."""
    assert refuses_prompt(error(code="content_filter"))
    assert not refuses_prompt(error(code="context_length_exceeded"))
    assert not refuses_prompt({})


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"Retry-After": "7"}, 7.0),
        ({"Retry-After": "Sat, 21 Nov 2026 05:05:49 GMT"}, 10.0),
        ({"Retry-After": "soon"}, None),
        ({"retry-after-ms": "250", "Retry-After": "7"}, 0.25),
        ({"retry-after-ms": "x", "Retry-After": "7"}, 7.0),
    ],
)
def test_what_a_server_asks_to_wait_is_read(headers: dict[str, str], seconds: float | None) -> None:
    """Milliseconds, seconds and dates are understood; nonsense is as good as nothing."""
    assert seconds == retry_after_s(headers, NOW)
