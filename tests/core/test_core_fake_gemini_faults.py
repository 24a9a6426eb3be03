"""FakeGemini's faults: each row of what the google-genai SDK is known to make of them."""

import json

import aiohttp
import pytest

from ion_framework.testing import FAULTS, FakeGemini, fault
from ion_framework.testing.model_servers.faults import Failure, Phase
from tests.support.gemini import (
    BOTH,
    HELLO,
    SDK_WARNS,
    UNKNOWN_REASON,
    Outcome,
    ask,
    client_of,
    outcome_of,
)

errors = pytest.importorskip("google.genai.errors")
pytestmark = SDK_WARNS
TIMEOUT_MS = 300
AMPLE_MS = 1500
"""In which a request certainly arrives, on a busy machine as well."""


@BOTH
@pytest.mark.parametrize(
    ("name", "error", "code"),
    [
        ("invalid-argument-400", errors.ClientError, 400),
        ("unauthenticated-401", errors.ClientError, 401),
        ("permission-denied-403", errors.ClientError, 403),
        ("model-not-found-404", errors.ClientError, 404),
        ("quota-429", errors.ClientError, 429),
        ("internal-500", errors.ServerError, 500),
        ("bad-gateway-html-502", errors.ServerError, 502),
        ("unavailable-503", errors.ServerError, 503),
        ("gateway-timeout-504", errors.ServerError, 504),
        ("error-json-first", errors.ServerError, 503),
    ],
)
async def test_an_error_status_is_an_error_of_the_sdk(name, error, code, streamed):
    """A 4xx is a ClientError and a 5xx a ServerError, with the code, after one call."""
    outcome, calls = await outcome_of(fault(name), streamed)

    assert (error, code, 1) == (outcome.error, outcome.code, calls)


@BOTH
async def test_a_quota_error_says_when_to_come_back(streamed):
    """The 429 has RetryInfo in its details and the header Retry-After."""
    outcome, _ = await outcome_of(fault("quota-429"), streamed)
    details = outcome.last.details["error"]["details"]

    assert [("type.googleapis.com/google.rpc.RetryInfo", "7s")] == [
        (detail["@type"], detail["retryDelay"]) for detail in details
    ]
    assert "7" == outcome.last.response.headers["Retry-After"]


@pytest.mark.parametrize("status", [429, 500, 503])
@BOTH
async def test_the_sdk_retries_what_it_is_told_to(status, streamed):
    """With three attempts there are three calls, whatever RetryInfo says."""
    outcome, calls = await outcome_of(Failure(status, retry_delay_s=7), streamed, attempts=3)

    assert (status, 3) == (outcome.code, calls)


@BOTH
@pytest.mark.parametrize(
    "name", ["hang-before-headers", "hang-after-headers", "hang-mid-stream", "slow-inter-token"]
)
async def test_a_hang_is_a_bare_timeout(name, streamed):
    """The total timeout strikes as a TimeoutError, even while tokens flow."""
    timeout_ms = TIMEOUT_MS if name == "slow-inter-token" else AMPLE_MS
    outcome, calls = await outcome_of(fault(name), streamed, timeout_ms=timeout_ms)

    assert (TimeoutError, 1) == (outcome.error, calls)
    if name == "hang-mid-stream" and streamed:
        assert HELLO[:2] == outcome.texts


@BOTH
async def test_a_hang_is_never_retried(streamed):
    """With three attempts a hang before the headers is still one call."""
    outcome, calls = await outcome_of(
        fault("hang-before-headers"), streamed, timeout_ms=AMPLE_MS, attempts=3
    )

    assert (TimeoutError, 1) == (outcome.error, calls)


@BOTH
@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("reset-before-headers", aiohttp.ClientOSError),
        ("closed-before-headers", aiohttp.ServerDisconnectedError),
        ("reset-after-headers", aiohttp.ClientPayloadError),
        ("reset-mid-stream", aiohttp.ClientPayloadError),
    ],
)
async def test_a_lost_connection_is_an_error_of_aiohttp(name, error, streamed):
    """What aiohttp raises comes through the SDK as it is, after the chunks that had arrived."""
    outcome, calls = await outcome_of(fault(name), streamed)

    assert (error, 1) == (outcome.error, calls)
    assert (HELLO[:2] if streamed and "mid" in name else ()) == outcome.texts


@BOTH
async def test_a_reset_is_retried_when_told(streamed):
    """With three attempts a connection that is reset before the headers makes three calls."""
    _, calls = await outcome_of(fault("reset-before-headers"), streamed, attempts=3)

    assert 3 == calls


@BOTH
async def test_a_server_that_is_down_refuses(streamed):
    """A refused connection is a ClientConnectorError, and no request is seen."""
    outcome, calls = await outcome_of(fault("down"), streamed)

    assert (aiohttp.ClientConnectorError, 0) == (outcome.error, calls)


async def test_html_instead_of_json_is_no_api_error():
    """A 200 with HTML is a JSONDecodeError unary and an UnknownApiResponseError streamed."""
    unary, _ = await outcome_of(fault("html-200"), streamed=False)
    stream, _ = await outcome_of(fault("html-200"), streamed=True)

    assert (json.JSONDecodeError, errors.UnknownApiResponseError) == (unary.error, stream.error)


async def test_an_empty_answer_looks_like_success():
    """A 200 without a body is an answer without text, or a stream without chunks."""
    unary, _ = await outcome_of(fault("empty-200"), streamed=False)
    stream, _ = await outcome_of(fault("empty-200"), streamed=True)

    assert (None, None, ()) == (unary.error, unary.last.candidates, unary.texts)
    assert Outcome() == stream


@BOTH
@pytest.mark.parametrize(
    ("name", "finish"),
    [
        ("no-candidates", None),
        ("safety-without-content", "SAFETY"),
        ("max-tokens-without-text", "MAX_TOKENS"),
    ],
)
async def test_an_answer_without_text_looks_like_success(name, finish, streamed):
    """Nothing is raised, and the text is None."""
    outcome, _ = await outcome_of(fault(name), streamed)

    assert (None, None, finish) == (outcome.error, outcome.last.text, outcome.finish)


@BOTH
async def test_a_blocked_prompt_says_why(streamed):
    """A blocked prompt has no candidates and a block reason."""
    outcome, _ = await outcome_of(fault("prompt-blocked"), streamed)

    assert (None, None, "SAFETY") == (
        outcome.error,
        outcome.last.candidates,
        outcome.last.prompt_feedback.block_reason.name,
    )


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("end-mid-stream", None),
        ("error-json-mid-stream", errors.ServerError),
        ("broken-json-mid-stream", errors.UnknownApiResponseError),
    ],
)
async def test_a_stream_breaks_after_the_chunks_delivered(name, error):
    """Two chunks arrive; a clean end then looks like success, without a finish reason."""
    outcome, _ = await outcome_of(fault(name), streamed=True)

    assert (HELLO[:2], None, error) == (outcome.texts, outcome.finish, outcome.error)


@pytest.mark.parametrize("name", ["end-mid-stream", "broken-json-mid-stream"])
async def test_half_a_unary_answer_is_no_json(name):
    """A unary answer that is cut is a JSONDecodeError."""
    outcome, _ = await outcome_of(fault(name), streamed=False)

    assert json.JSONDecodeError is outcome.error


@BOTH
async def test_the_sdk_follows_a_redirect(streamed):
    """The SDK sends the whole request again to where it is told."""
    async with FakeGemini() as fake, client_of(fake) as client:
        fake.behave(fault("redirect"))
        outcome = await ask(client, streamed)

        assert 404 == outcome.code
        assert ["redirect", ""] == [request.behaviour for request in fake.requests]
        assert "/moved" == fake.requests[1].path


@BOTH
async def test_an_oversized_answer_arrives_whole(streamed):
    """Four mebibytes of text arrive."""
    outcome, _ = await outcome_of(fault("oversized"), streamed)

    assert 4 * 1024 * 1024 == sum(map(len, outcome.texts))


@UNKNOWN_REASON
@pytest.mark.parametrize("behaviour", FAULTS, ids=lambda behaviour: behaviour.name)
async def test_the_phase_of_a_fault_is_where_it_shows(behaviour):
    """A stream brings text before an error exactly if the phase says so."""
    outcome, _ = await outcome_of(behaviour, streamed=True, timeout_ms=TIMEOUT_MS)
    wrong = outcome.error is not None or outcome.finish != "STOP"

    if wrong:
        assert (behaviour.phase is Phase.AFTER) == bool(outcome.texts)
    else:
        assert behaviour.name in {"slow-first-token", "oversized"}
