"""Retries and deadlines before an answer's first word, and none after it, in virtual time."""

import asyncio
from contextlib import aclosing

import pytest

from ion_framework.errors import FailureCause, GenerationError
from ion_framework.pipeline.chunks import Finish, FinishReason, TextChunk
from ion_framework.resilience.stream_settings import StreamSettings
from ion_framework.resilience.streaming import RETRYABLE
from ion_framework.testing import make_turn, run_virtual
from tests.support.upstreams import OK, ScriptedUpstream, answer_of, error_of, failing, resilient


def test_an_answer_is_passed_on_as_it_is():
    """The chunks come as the service gave them, empty ones left out, and count one try."""
    service = ScriptedUpstream(("", "Hello ", "", "there.", Finish(model="m")))

    chunks = run_virtual(_ask(service))

    assert chunks == [TextChunk("Hello "), TextChunk("there."), Finish(model="m", tries=1)]
    assert service.closed == 1


@pytest.mark.parametrize("cause", sorted(RETRYABLE))
def test_what_may_pass_is_tried_again(cause):
    """After a failure that may pass the service is asked again, and the tries are counted."""
    service = ScriptedUpstream(failing(cause), failing(cause), OK)

    chunks = run_virtual(_ask(service))

    assert chunks[-1].tries == 3
    assert service.pauses == [0.125, 0.25]
    assert service.closed == 3


@pytest.mark.parametrize("cause", sorted(set(FailureCause) - RETRYABLE))
def test_what_would_fail_again_is_not_tried_again(cause):
    """A failure that the same request would meet again ends the answer at once."""
    service = ScriptedUpstream(failing(cause))

    error = run_virtual(_fail(service))

    assert (error.cause, error.tries, len(service.asked)) == (cause, 1, 1)


def test_tries_are_bounded():
    """After the last try the answer ends with the last failure and the number of tries."""
    error = run_virtual(_fail(ScriptedUpstream(failing("unavailable")), tries=4))

    assert (error.cause, error.tries) == (FailureCause.UNAVAILABLE, 4)
    assert str(error) == "first: it was unavailable"


def test_what_the_service_asks_to_wait_is_honoured_exactly():
    """Seconds that the service asked for are waited without jitter, beyond the longest wait."""
    service = ScriptedUpstream(failing("rate_limited", 7.0), OK)

    run_virtual(_ask(service, retry_longest_s=1.0))

    assert service.pauses == [7.0]


def test_a_wait_that_does_not_fit_is_not_begun():
    """If the service asks for more time than the turn has, the answer ends at once and says it."""

    async def ask():
        answers = resilient(ScriptedUpstream(failing("rate_limited", 7.0)))
        began = asyncio.get_running_loop().time()
        error = await error_of(answers, speak_by=began + 7.0)
        return error, asyncio.get_running_loop().time() - began

    error, took = run_virtual(ask())

    assert (error.retry_after_s, error.tries, took) == (7.0, 1, 0.0)


def test_nothing_is_asked_again_after_the_first_word():
    """A failure after the first piece of text ends the answer, whatever its cause."""
    service = ScriptedUpstream(("Hello", *failing("unavailable")), OK)

    error = run_virtual(_fail(service))

    assert (error.cause, error.tries, len(service.asked)) == (FailureCause.UNAVAILABLE, 1, 1)
    assert str(error) == "first: it was unavailable"


def test_a_broken_answer_counts_the_tries_before_it():
    """An answer that breaks off at the second try says two tries."""
    service = ScriptedUpstream(failing("timeout"), ("Hello", *failing("cut_off")))

    assert run_virtual(_fail(service)).tries == 2


def test_a_silent_service_is_left_in_time():
    """Without a first word a try ends after first_token_s, and the next one begins."""
    service = ScriptedUpstream((100.0, *OK), OK)

    chunks = run_virtual(_ask(service, first_token_s=2.0, connect_s=1.0))

    assert chunks[-1].tries == 2
    assert service.pauses == [2.125]
    assert service.closed == 2


def test_empty_pieces_do_not_count_as_words():
    """A service that sends nothing but empty pieces is as silent as one that sends none."""
    service = ScriptedUpstream(("", 1.0) * 50)

    error = run_virtual(_fail(service, first_token_s=2.0, connect_s=1.0, tries=1))

    assert error.cause is FailureCause.TIMEOUT


def test_a_pause_in_the_middle_is_bounded():
    """After the first word a pause of more than next_token_s ends the answer as timed out."""
    service = ScriptedUpstream(("Hello", 3.0, "there.", Finish()))

    error = run_virtual(_fail(service, next_token_s=2.0))

    assert (error.cause, str(error)) == (
        FailureCause.TIMEOUT,
        "first: nothing more came within 2 s",
    )


def test_the_whole_answer_is_bounded():
    """A stream of words without end is left after total_s."""
    service = ScriptedUpstream(("word ", 1.0) * 1000)

    async def ask():
        error = await error_of(
            resilient(service, total_s=10.0, first_token_s=5.0, next_token_s=5.0)
        )
        return error, asyncio.get_running_loop().time()

    error, ended = run_virtual(ask())

    assert (error.cause, ended) == (FailureCause.TIMEOUT, 10.0)


def test_a_stream_that_never_waits_is_bounded_too():
    """A service that always has a word ready is left when the caller's time is up."""

    async def ask():
        loop = asyncio.get_running_loop()
        answers = resilient(
            ScriptedUpstream(("word ",) * 1000), total_s=10.0, next_token_s=10.0, first_token_s=10.0
        )
        read = 0
        try:
            async for _ in answers.answer("request", make_turn()):
                read += 1
                await asyncio.sleep(1.0)
        except GenerationError as error:
            return error.cause, read, loop.time()

    assert run_virtual(ask()) == (FailureCause.TIMEOUT, 10, 10.0)


def test_the_callers_pauses_are_not_the_services():
    """Time that the caller takes between two pieces does not count as a pause of the service."""

    async def ask():
        answers = resilient(ScriptedUpstream(OK), next_token_s=1.0)
        read = []
        async for chunk in answers.answer("request", make_turn()):
            read.append(chunk)
            await asyncio.sleep(5.0)
        return read

    assert len(run_virtual(ask())) == 3


def test_the_turns_time_bounds_every_try():
    """A try that begins late ends shortly before the turn wants its first word."""

    async def ask():
        loop = asyncio.get_running_loop()
        error = await error_of(resilient(ScriptedUpstream((100.0,))), speak_by=loop.time() + 3.0)
        return error, loop.time()

    error, ended = run_virtual(ask())

    assert (error.cause, error.tries) == (FailureCause.TIMEOUT, 1)
    assert ended == pytest.approx(2.95)


def test_a_try_that_has_no_time_is_not_begun():
    """A turn whose time is up gets a timeout without the service being asked."""

    async def ask():
        service = ScriptedUpstream(OK)
        error = await error_of(resilient(service), deadline=asyncio.get_running_loop().time())
        return error, service

    error, service = run_virtual(ask())

    assert (error.cause, error.tries, service.asked) == (FailureCause.TIMEOUT, 0, [])


def test_an_end_without_an_end_is_a_cut_answer():
    """A stream that stops without saying that it ended is cut off, before and after its words."""
    assert run_virtual(_fail(ScriptedUpstream(()))).cause is FailureCause.CUT_OFF
    assert run_virtual(_fail(ScriptedUpstream(("Hello",)))).cause is FailureCause.CUT_OFF


def test_an_end_without_a_word_is_an_empty_answer():
    """A finish before any text is an empty answer, unless the model declined."""
    declined = Finish(FinishReason.SAFETY, repeatable=True)

    assert run_virtual(_fail(ScriptedUpstream((Finish(),)))).cause is FailureCause.EMPTY
    assert run_virtual(_ask(ScriptedUpstream((declined,)))) == [declined]


def test_what_the_upstream_raises_against_its_promise_is_not_hidden():
    """An error that is no GenerationError passes as it is, and the stream is closed."""
    service = ScriptedUpstream((RuntimeError("a mistake"),))

    with pytest.raises(RuntimeError, match="a mistake"):
        run_virtual(_ask(service))
    assert service.closed == 1


@pytest.mark.parametrize("pieces", [1, 64])
def test_an_answer_without_end_is_left(pieces):
    """An answer of more than a mebi of characters is no answer, and nobody reads on."""
    piece = "x" * (2 * 1024 * 1024 // pieces)

    async def live():
        service, read = ScriptedUpstream((piece,) * pieces), 0
        try:
            async with aclosing(resilient(service).answer("request", make_turn())) as chunks:
                async for chunk in chunks:
                    read += len(chunk.text)
        except GenerationError as error:
            return error.cause, str(error), service.closed, read

    cause, words, closed, read = run_virtual(live())

    assert (cause, closed) == (FailureCause.BAD_ANSWER, 1)
    assert words == "first: the answer is longer than 1048576 characters"
    assert read == (0 if pieces == 1 else 1024 * 1024)


def test_the_longest_answer_is_passed_on():
    """An answer of exactly a mebi of characters is whole."""
    longest = ("x" * (1024 * 1024), *OK[-1:])

    chunks = run_virtual(_ask(ScriptedUpstream(longest)))

    assert chunks[0] == TextChunk(longest[0])


def test_settings_that_contradict_each_other_are_named():
    """A connection that may take longer than the first word is refused with both keys."""
    with pytest.raises(ValueError, match=r"connect_s \(9\) must not be more than first_token_s"):
        StreamSettings(connect_s=9.0, first_token_s=3.0)


def test_a_service_needs_a_model():
    """Without a model there is nothing to ask."""
    with pytest.raises(ValueError, match="at least one model"):
        run_virtual(_without_models())


async def _without_models():
    resilient(ScriptedUpstream(OK), models=())


async def _ask(service, **settings):
    return await answer_of(resilient(service, **settings))


async def _fail(service, **settings):
    return await error_of(resilient(service, **settings))
