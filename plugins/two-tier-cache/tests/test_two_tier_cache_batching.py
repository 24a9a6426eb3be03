"""Questions of one moment travel together, and nobody disturbs the others."""

from __future__ import annotations

import asyncio

import pytest
from ion_two_tier_cache.batching import Batcher, ClosedError

from ion_framework.testing import run_virtual


class Echo:
    """Answers every question with itself, after some time, and remembers the batches."""

    def __init__(self, takes_s=1.0, error=None):
        self.batches = []
        self.waited = []
        self.under_way = self.most_under_way = 0
        self._takes_s = takes_s
        self._error = error

    async def __call__(self, questions, waited_s):
        """Answer a batch."""
        self.batches.append(list(questions))
        self.waited.append(waited_s)
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        try:
            await asyncio.sleep(self._takes_s)
        finally:
            self.under_way -= 1
        if self._error is not None:
            raise self._error
        return questions


def test_questions_of_one_moment_travel_together():
    """What is asked in one turn of the loop goes out as one batch, each with its own answer."""

    async def main():
        echo = Echo()
        batcher = Batcher(echo, largest=100, at_a_time=1)
        answers = await asyncio.gather(*(batcher.ask(number) for number in range(64)))
        return answers, echo

    answers, echo = run_virtual(main())

    assert answers == list(range(64))
    assert echo.batches == [list(range(64))]


def test_batches_are_bounded():
    """No batch is larger and no more batches are under way than allowed; all are answered."""

    async def main():
        echo = Echo()
        batcher = Batcher(echo, largest=3, at_a_time=2)
        return await asyncio.gather(*(batcher.ask(number) for number in range(20))), echo

    answers, echo = run_virtual(main())

    assert answers == list(range(20))
    assert echo.most_under_way == 2
    assert max(map(len, echo.batches)) == 3


def test_a_batch_knows_how_long_its_oldest_question_waited():
    """A batch that had to wait for another is told for how long."""

    async def main():
        echo = Echo()
        batcher = Batcher(echo, largest=9, at_a_time=1)
        first = batcher.ask("a")
        await asyncio.sleep(0.25)
        await asyncio.gather(first, batcher.ask("b"))
        return echo

    echo = run_virtual(main())

    assert echo.waited == pytest.approx([0.0, 0.75])


def test_a_cancelled_question_disturbs_nobody():
    """The others of a batch get their answers when one who asked is cancelled."""

    async def main():
        echo = Echo()
        batcher = Batcher(echo, largest=9, at_a_time=1)
        asked = [batcher.ask(number) for number in range(3)]
        await asyncio.sleep(0.5)
        asked[1].cancel()
        return await asyncio.gather(*asked, return_exceptions=True)

    answers = run_virtual(main())

    assert (answers[0], answers[2]) == (0, 2)
    assert isinstance(answers[1], asyncio.CancelledError)


def test_what_nobody_waits_for_any_more_is_not_asked():
    """Questions that were cancelled before they went out are left out."""

    async def main():
        echo = Echo()
        batcher = Batcher(echo, largest=9, at_a_time=1)
        first = batcher.ask("first")
        await asyncio.sleep(0.1)
        batcher.ask("cancelled").cancel()
        await asyncio.gather(first, batcher.ask("second"))
        return echo

    assert run_virtual(main()).batches == [["first"], ["second"]]


def test_an_error_reaches_everybody_who_asked():
    """What the batch raises is raised to each who asked, and the next batch goes out."""

    async def main():
        echo = Echo(error=RuntimeError("broken"))
        batcher = Batcher(echo, largest=2, at_a_time=1)
        asked = [batcher.ask(number) for number in range(4)]
        return await asyncio.gather(*asked, return_exceptions=True)

    assert [str(answer) for answer in run_virtual(main())] == ["broken"] * 4


@pytest.mark.parametrize("steps", range(6))
def test_closing_at_any_moment_answers_everybody(steps):
    """After closing, whoever asked has an error and is not cancelled, and nothing is under way."""

    async def main():
        echo = Echo()
        batcher = Batcher(echo, largest=1, at_a_time=1)
        asked = [batcher.ask(number) for number in range(3)]
        for _ in range(steps):
            await asyncio.sleep(0)
        await batcher.close()
        async with asyncio.timeout(5):
            return echo, await asyncio.gather(*asked, return_exceptions=True)

    echo, answers = run_virtual(main())

    assert [type(answer) for answer in answers] == [ClosedError] * 3
    assert echo.under_way == 0


def test_who_asks_after_closing_is_told_at_once():
    """A question after closing is answered with an error, and nothing goes out."""

    async def main():
        echo = Echo()
        batcher = Batcher(echo, largest=1, at_a_time=1)
        await batcher.close()
        with pytest.raises(ClosedError):
            await batcher.ask(1)
        return echo, asyncio.get_running_loop().time()

    echo, took_s = run_virtual(main())

    assert echo.batches == []
    assert took_s < 0.1


def test_too_few_answers_are_an_error():
    """Who is left without an answer by a batch of the wrong length gets an error."""

    async def answer_one(questions, waited_s):
        del waited_s
        return questions[:1]

    async def main():
        batcher = Batcher(answer_one, largest=9, at_a_time=1)
        asked = [batcher.ask(number) for number in range(3)]
        async with asyncio.timeout(5):
            return await asyncio.gather(*asked, return_exceptions=True)

    answers = run_virtual(main())

    assert answers[0] == 0
    assert [type(answer) for answer in answers[1:]] == [ValueError] * 2
