"""Summaries by the language model: of each part at first, then of the parts' summaries."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Sequence
from typing import ParamSpec, TypeVar

from ion_framework.clock import Clock
from ion_framework.domain.conversation import shorten
from ion_framework.domain.language import Language, detect_language
from ion_framework.errors import NoAnswerError
from ion_framework.pipeline.chunks import FinishReason, Usage
from ion_framework.pipeline.language_model import LanguageModel
from ion_framework.pipeline.turn import Turn, TurnRequest
from ion_framework.summarizing.chunking import chunks
from ion_framework.summarizing.extractive import extract
from ion_framework.summarizing.question import question
from ion_framework.summarizing.summary import Method, Summary, SummaryBounds

PART_SHARE = 4
"""A part's summary has the characters of its part divided by this: three rounds join 64 parts."""

PATIENCE = 3
"""Failures in a row after which the model is not asked again for this summary."""

INLINE_CHARS = 20_000
"""Characters above which sentences are chosen in a thread: about a tenth of a second's work."""

_Args = ParamSpec("_Args")
_Result = TypeVar("_Result")


class Summarizer:
    """Summarises conversations; never fails: what the model does not give is chosen from them.

    Args:
        model: the language model.
        clock: the clock.
        bounds: pieces, time and length.
    """

    def __init__(
        self, model: LanguageModel, clock: Clock, bounds: SummaryBounds | None = None
    ) -> None:
        self.model = model
        self.clock = clock
        self.bounds = bounds or SummaryBounds()

    async def summarize(
        self,
        messages: Sequence[str],
        language: Language | None = None,
        request: TurnRequest | None = None,
        on_spent: Callable[[Usage], None] | None = None,
    ) -> Summary:
        """A summary of a conversation.

        Args:
            messages: the messages, oldest first, each with or without a mark as ``User:``.
            language: the language to write in; by default that of the conversation.
            request: on whose behalf the model is asked.
            on_spent: told of the tokens of every answer of the model as soon as it is there.
        """
        size = sum(map(len, messages))
        course = _Course(self, language or _language(messages), request, on_spent)
        pieces = await _apart(size, chunks, messages, self.bounds.chunk_chars)
        text = await course.run(pieces) if pieces and self.model.available else ""
        if not course.answers:
            text = await _apart(size, extract, messages, self.bounds.characters)
        return Summary(
            text=text,
            method=course.method,
            chunks=len(pieces),
            questions=course.questions,
            failures=tuple(dict.fromkeys(course.failures)),
        )


def _language(messages: Sequence[str]) -> Language:
    return detect_language(" ".join(messages)[:INLINE_CHARS])


async def _apart(
    size: int, work: Callable[_Args, _Result], *args: _Args.args, **kwargs: _Args.kwargs
) -> _Result:
    """What a function returns; called in a thread where there is much to do."""
    if size <= INLINE_CHARS:
        return work(*args, **kwargs)
    return await asyncio.to_thread(work, *args, **kwargs)


class _Course:
    """One summary in the making.

    Attributes:
        questions: how often the model was asked.
        answers: how often it answered.
        failures: why it did not, in the core's own words.
    """

    def __init__(
        self,
        summarizer: Summarizer,
        language: Language,
        request: TurnRequest | None,
        on_spent: Callable[[Usage], None] | None,
    ) -> None:
        self._model = summarizer.model
        self._clock = summarizer.clock
        self._bounds = summarizer.bounds
        self._language = language
        self._request = request
        self._on_spent = on_spent or (lambda _usage: None)
        self._places = asyncio.Semaphore(self._bounds.concurrency)
        self._until = self._clock.monotonic() + self._bounds.timeout_s
        self._row = 0
        self.questions = 0
        self.answers = 0
        self.failures: list[str] = []

    @property
    def method(self) -> Method:
        """Who made the summary."""
        if not self.answers:
            return Method.EXTRACTIVE
        return Method.MIXED if self.failures else Method.MODEL

    async def run(self, pieces: Sequence[str]) -> str:
        """The summary of the pieces."""
        characters = self._bounds.characters
        if len(pieces) == 1:
            return await self._made("whole", pieces[0], characters)
        part = min(characters, self._bounds.chunk_chars // PART_SHARE)
        parts = await _all(self._made("part", piece, part) for piece in pieces)
        while len(parts) > 1:
            groups = chunks(parts, self._bounds.chunk_chars)
            room = characters if len(groups) == 1 else part
            parts = await _all(self._made("join", group, room) for group in groups)
        return "".join(parts)

    async def _made(self, task: str, material: str, characters: int) -> str:
        """What the model says, or sentences of the material where it says nothing of use."""
        async with self._places:
            text = await self._asked(task, material, characters)
        if text:
            return text
        lines = [line.removeprefix("- ") for line in material.splitlines()]
        return extract(lines, characters)

    async def _asked(self, task: str, material: str, characters: int) -> str:
        left_s = self._until - self._clock.monotonic()
        if left_s <= 0 or self._row >= PATIENCE:
            self.failures.append(
                "the time was up" if left_s <= 0 else "the model failed repeatedly"
            )
            return ""
        prompt = question(task, material, self._language, characters)
        request = self._request or TurnRequest(text=prompt.user)
        self.questions += 1
        try:
            completion = await self._model.ask(Turn(request), prompt, left_s)
        except NoAnswerError as error:
            return self._missed(str(error))
        self._on_spent(completion.usage)
        if completion.reason is not FinishReason.STOP or not completion.text.strip():
            return self._missed(f"the model's summary ended as {completion.reason.value}")
        self._row = 0
        self.answers += 1
        return fitted(completion.text, characters)

    def _missed(self, reason: str) -> str:
        self._row += 1
        self.failures.append(reason)
        return ""


async def _all(made: Iterable[Coroutine[None, None, str]]) -> list[str]:
    """What all of them give, in order; nothing runs on where one is cancelled."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(one) for one in made]
    return [task.result() for task in tasks]


def fitted(text: str, characters: int) -> str:
    """The first lines of a text that fit a bound; of a first line that does not, its beginning."""
    lines = [line.rstrip() for line in text.strip().splitlines() if line.strip()]
    kept: list[str] = []
    left = characters
    for line in lines:
        if len(line) > left:
            break
        kept.append(line)
        left -= len(line) + 1
    return "\n".join(kept) if kept else shorten(lines[0], characters - 1)
