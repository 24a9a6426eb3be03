"""Every fault of a server, streamed and whole: an answer, a refusal or one typed error in time."""

import asyncio
import gc
import selectors
import time
import warnings
from contextlib import aclosing

import attrs
import pytest
from ion_gemini.client import ClientKeeper, make_clients
from ion_gemini.failures import failure_of
from ion_gemini.upstream import GeminiUpstream

from ion_framework.errors import FailureCause, GenerationError
from ion_framework.pipeline.chunks import Finish, FinishReason, Usage
from ion_framework.testing import FakeGemini, make_turn
from ion_framework.testing.model_servers.faults import (
    ENDINGS,
    FAULTS,
    Answer,
    Down,
    Failure,
    Phase,
    PromptBlocked,
    RawAnswer,
    WireUsage,
    by_model,
    fault,
)

pytestmark = pytest.mark.outage

FIRST_S = 0.8
SPEAK_S = 4.0
QUIET_S = 0.03
"""Seconds for which no socket of this process may have anything before a timer's time has come."""

STREAMED = {
    "slow-first-token": "stop",
    "hang-before-headers": "timeout",
    "hang-after-headers": "timeout",
    "reset-before-headers": "cut_off",
    "reset-after-headers": "cut_off",
    "closed-before-headers": "cut_off",
    "error-json-first": "unavailable",
    "invalid-argument-400": "rejected",
    "unauthenticated-401": "denied",
    "permission-denied-403": "denied",
    "model-not-found-404": "unknown_model",
    "quota-429": "rate_limited",
    "internal-500": "unavailable",
    "bad-gateway-html-502": "unavailable",
    "unavailable-503": "unavailable",
    "gateway-timeout-504": "unavailable",
    "html-200": "bad_answer",
    "empty-200": "empty",
    "no-candidates": "empty",
    "prompt-blocked": "safety",
    "safety-without-content": "safety",
    "max-tokens-without-text": "empty",
    "redirect": "bad_answer",
    "slow-inter-token": "stop",
    "hang-mid-stream": "timeout",
    "reset-mid-stream": "cut_off",
    "end-mid-stream": "cut_off",
    "error-json-mid-stream": "unavailable",
    "broken-json-mid-stream": "bad_answer",
    "max-tokens-with-text": "length",
    "safety-with-text": "safety",
    "unknown-finish-reason": "other",
    "oversized": "bad_answer",
}
WHOLE = {**STREAMED, "end-mid-stream": "bad_answer"}
"""Whole answers differ where the JSON document itself is cut."""

FAILING = [
    name
    for name, end in STREAMED.items()
    if end not in {"stop", "length", "safety", "other", "timeout"} and name != "oversized"
]
"""The faults that end in an error by themselves, without a bound on time or length."""

RETRIED = {"timeout", "unavailable", "cut_off", "unreachable"}


class QuietSelector(selectors.DefaultSelector):
    """Where every socket is quiet, it moves the loop's time to the next timer."""

    def __init__(self):
        super().__init__()
        self.skipped = 0.0

    def select(self, timeout=None):
        """What is ready; a short look instead of a long wait."""
        ready = super().select(timeout if timeout is None else min(timeout, QUIET_S))
        if not ready and timeout:
            self.skipped += timeout
        return ready


class QuietLoop(asyncio.SelectorEventLoop):
    """Real sockets between both ends in this process, in a time that computing does not take."""

    def __init__(self):
        self._quiet = QuietSelector()
        super().__init__(self._quiet)

    def time(self):
        """Seconds that were skipped."""
        return self._quiet.skipped

    monotonic = time


async def outcome_of(answers, speak_s=SPEAK_S):
    """How an answer ended, after how many seconds and tries, and how many pieces came before."""
    now = asyncio.get_running_loop().time
    began = now()
    turn = attrs.evolve(make_turn(), speak_by=began + speak_s)
    pieces = []
    try:
        async with aclosing(answers.answer(PROMPT, turn)) as chunks:
            async for chunk in chunks:
                pieces += [chunk]
        ended = pieces.pop()
        return ended.reason.value, now() - began, ended.tries, len(pieces)
    except GenerationError as error:
        return error.cause.value, now() - began, error.tries, len(pieces)


@pytest.fixture(autouse=True)
def _prompt(make_prompt):
    global PROMPT  # noqa: PLW0603  one prompt for every test of the module
    PROMPT = make_prompt()


@pytest.mark.parametrize("stream", [True, False], ids=["streamed", "whole"])
def test_every_fault_ends_as_it_should_and_in_time(services_by_model, stream):
    """Each of the faults ends in its typed error or finish, within the turn's time."""
    named = {one.name: one for one in FAULTS if not isinstance(one, Down)}
    times = {"first_token_s": FIRST_S, "next_token_s": FIRST_S, "connect_s": FIRST_S}

    async def main():
        clock = asyncio.get_running_loop()
        async with FakeGemini() as fake:
            fake.plan(by_model(named))
            async with services_by_model(fake, clock=clock, stream=stream, **times) as answers_of:
                runs = [outcome_of(answers_of(name)) for name in named]
                outcomes = dict(zip(named, await asyncio.gather(*runs), strict=True))
            return outcomes, [request.model for request in fake.requests]

    with asyncio.Runner(loop_factory=QuietLoop) as runner:
        outcomes, asked = runner.run(main())

    expected = STREAMED if stream else WHOLE
    assert {name: outcome[0] for name, outcome in outcomes.items()} == expected
    assert max(seconds for _, seconds, *_ in outcomes.values()) < SPEAK_S
    for name, (outcome, _, tries, pieces) in outcomes.items():
        assert asked.count(name) == tries, name
        again = outcome in RETRIED and not pieces
        assert tries == (3 if again else 1), name
        if stream and named[name].phase is Phase.AFTER:
            assert pieces > 0, name


@pytest.mark.parametrize("name", ["error-json-first", "error-json-mid-stream"])
async def test_an_error_document_gives_its_connection_back_at_once(service, name):
    """Error documents inside a stream leave no connection to the garbage collector."""
    gc.disable()
    try:
        async with service(fault(name), max_connections=1, tries=1) as asked:
            causes = [(await asked.failure()).cause for _ in range(4)]
    finally:
        gc.enable()

    assert causes == [FailureCause.UNAVAILABLE] * 4


def chained(error):
    """An error and everything that can be reached from it."""
    found, ahead = [], [error]
    while ahead:
        one = ahead.pop()
        if one is not None and one not in found:
            found.append(one)
            ahead += [one.__cause__, one.__context__]
    return found


@pytest.mark.parametrize("name", FAILING)
@pytest.mark.parametrize("stream", [True, False], ids=["streamed", "whole"])
async def test_no_error_leads_to_the_request(service, make_prompt, name, stream):
    """From no error one comes to an exception of the SDK or of HTTP, which hold the key."""
    async with service(fault(name), stream=stream) as asked:
        keeper = ClientKeeper(lambda: make_clients(asked.settings))
        upstream = GeminiUpstream(asked.settings, keeper)
        try:
            with pytest.raises(GenerationError) as caught:
                [chunk async for chunk in upstream.stream("m", make_prompt())]
        finally:
            await keeper.close()

    assert chained(caught.value) == [caught.value]


@pytest.mark.parametrize("stream", [True, False], ids=["streamed", "whole"])
async def test_a_server_that_is_down_is_told_at_once(service, stream):
    """Refused connections are a typed error after all tries, quickly."""
    async with service(Down(), stream=stream) as asked:
        error = await asked.failure()

    assert (error.cause, error.tries) == (FailureCause.UNREACHABLE, 3)


@pytest.mark.parametrize("stream", [True, False], ids=["streamed", "whole"])
async def test_only_stop_is_a_complete_answer(services_by_model, stream):
    """Of all finish reasons, and an unknown one, only STOP ends as stop, without a warning."""
    async with FakeGemini() as fake:
        fake.plan(by_model({ending.name: ending for ending in ENDINGS}))
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            async with services_by_model(fake, stream=stream) as answers_of:
                runs = [outcome_of(answers_of(ending.name), 60.0) for ending in ENDINGS]
                outcomes = [outcome for outcome, *_ in await asyncio.gather(*runs)]

    ended = {ending.finish: outcome for ending, outcome in zip(ENDINGS, outcomes, strict=True)}
    declined = {"SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "MODEL_ARMOR"}
    assert {reason for reason, outcome in ended.items() if outcome == "stop"} == {"STOP"}
    assert {reason for reason, outcome in ended.items() if outcome == "length"} == {"MAX_TOKENS"}
    assert {reason for reason, outcome in ended.items() if outcome == "safety"} == declined
    assert set(ended.values()) == {"stop", "length", "safety", "other"}


@pytest.mark.parametrize("reason", ["LANGUAGE", "OTHER", "A_REASON_FROM_THE_FUTURE", "STOP"])
async def test_an_end_without_text_is_an_empty_answer(service, reason):
    """Whatever the reason, an answer without text is an error, unless the model declined."""
    async with service(Answer((), reason)) as asked:
        assert (await asked.failure()).cause is FailureCause.EMPTY


async def test_an_answer_lost_to_thinking_names_the_budget(service):
    """If all tokens went into thinking the error says which settings to change."""
    async with service(fault("max-tokens-without-text")) as asked:
        error = await asked.failure()

    assert "thinking_budget" in str(error)
    assert "max_output_tokens" in str(error)


@pytest.mark.parametrize("stream", [True, False], ids=["streamed", "whole"])
async def test_a_blocked_prompt_would_be_blocked_again(service, stream):
    """A blocked prompt is a repeatable refusal, a declined answer is not."""
    async with service(PromptBlocked(), Answer((), "SAFETY"), stream=stream) as asked:
        blocked, declined = await asked.ask(), await asked.ask()

    assert blocked == ("", attrs.evolve(blocked[1], reason=FinishReason.SAFETY, repeatable=True))
    assert declined == ("", attrs.evolve(declined[1], reason=FinishReason.SAFETY, repeatable=False))


async def test_thoughts_are_no_text(service):
    """What the model thought is not part of the answer, and its tokens are output."""
    usage = WireUsage(100, 7, 40, 13)
    said = Answer(("Hi.",), thoughts=("hmm", "well"), usage=usage)
    async with service(said, prices=("gemini-test-1 1 2 0.5",)) as asked:
        text, finish = await asked.ask()

    assert text == "Hi."
    assert finish == Finish(
        usage=Usage(100, 20, 40, pytest.approx((60 * 1 + 40 * 0.5 + 20 * 2) / 1e6)),
        model="gemini-test-1",
    )


@pytest.mark.parametrize(
    ("counted", "usage"),
    [
        (b'{"promptTokenCount":100}', Usage(100, 0, 0, pytest.approx(1e-4))),
        (b'{"candidatesTokenCount":10}', Usage(0, 10, 0, pytest.approx(2e-5))),
        (b'{"thoughtsTokenCount":10}', Usage(0, 10, 0, pytest.approx(2e-5))),
        (b"{}", Usage()),
    ],
)
async def test_counts_that_are_left_out_are_zero(service, counted, usage):
    """Where anything is counted, what the encoding leaves out is 0 and the cost is known."""
    document = (
        b'{"candidates":[{"content":{"parts":[{"text":"Hi."}]},"finishReason":"STOP"}],'
        b'"usageMetadata":%s}'
    )
    said = RawAnswer(document % counted, 200, "application/json")
    async with service(said, stream=False, prices=("gemini-test-1 1 2",)) as asked:
        _, finish = await asked.ask()

    assert finish.usage == usage


async def test_what_the_service_asks_to_wait_is_waited(service):
    """RetryInfo in the document is honoured where it fits."""
    wait = Failure(429, retry_delay_s=0.5)
    async with service(wait, Answer()) as asked:
        _, finish = await asked.ask()
        first, second = (request.arrived_at for request in asked.fake.requests)

    assert finish.tries == 2
    assert second - first >= 0.5


async def test_a_wait_that_does_not_fit_is_passed_on(service):
    """Where the longer of RetryInfo and Retry-After does not fit, the error says it at once."""
    async with service(Failure(429, retry_delay_s=7.0, retry_after="30")) as asked:
        error = await asked.failure(speak_by=time.monotonic() + 3.0)

    assert (error.cause, error.retry_after_s, error.tries) == (FailureCause.RATE_LIMITED, 30.0, 1)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120.0),
        ("Sun, 06 Nov 1994 08:49:37 GMT", 57.0),
        ("soon", None),
    ],
)
def test_retry_after_is_a_number_or_a_date(header, seconds):
    """Both forms of the header are read, and nonsense is left aside."""
    import httpx2
    from google.genai import errors

    error = errors.ServerError(503, {}, httpx2.Response(503, headers={"retry-after": header}))
    assert failure_of(error, now=lambda: 784111777.0 - 57.0).retry_after_s == seconds


@pytest.mark.parametrize("detail", ["API_KEY_INVALID", "API_KEY_EXPIRED"])
async def test_a_wrong_key_is_no_fault_of_the_request(service, detail):
    """The API tells of a wrong key with a 400, which is denied and not rejected."""
    body = b'{"error":{"code":400,"status":"INVALID_ARGUMENT","details":[{"reason":"%s"}]}}'
    said = RawAnswer(body % detail.encode(), 400, "application/json")
    async with service(said) as asked:
        assert (await asked.failure()).cause is FailureCause.DENIED


@pytest.mark.parametrize(
    "body",
    [
        b'"text"',
        b"[]",
        b"{}",
        b'{"error": null}',
        b'{"error": {"details": [1, null, {}]}}',
        b"\xff",
    ],
)
async def test_error_documents_of_any_form_are_typed(service, body):
    """Whatever stands in the body of a 503, it is unavailable."""
    async with service(RawAnswer(body, 503, "application/json"), tries=1) as asked:
        error = await asked.failure()

    assert error.cause in {FailureCause.UNAVAILABLE, FailureCause.BAD_ANSWER}


async def test_half_a_character_becomes_a_mark(service):
    """A lone surrogate in the answer, which nothing could send on, is replaced."""
    document = (
        b'{"candidates":[{"content":{"parts":[{"text":"a \\ud83d b"}],"role":"model"},'
        b'"finishReason":"STOP"}]}'
    )
    async with service(RawAnswer(document, 200, "application/json"), stream=False) as asked:
        text, _ = await asked.ask()

    assert text == "a \N{REPLACEMENT CHARACTER} b"
