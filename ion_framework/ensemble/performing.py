"""Carrying a plan out: every persona answers its parts in a turn of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import attrs

from ion_framework.domain.conversation import shorten
from ion_framework.domain.language import Language
from ion_framework.ensemble import wording
from ion_framework.ensemble.aspects import Aspect
from ion_framework.ensemble.broken_off import whole
from ion_framework.ensemble.contribution import Contribution
from ion_framework.ensemble.course import Course
from ion_framework.ensemble.plan import MergeStrategy, Plan
from ion_framework.errors import NoAnswerError, TurnError
from ion_framework.pipeline.turn import TurnRequest

UNFORESEEN = "the turn ended as nobody foresaw"
_NEED_MORE_TIME = (MergeStrategy.VOTING, MergeStrategy.SYNTHESIS)


async def perform(course: Course, plan: Plan, language: Language) -> tuple[Contribution, ...]:
    """What came of every part, in the order of the steps; one that fails stops no other.

    Each step gets its share of the time that is left, and so does what comes after the last one.

    Args:
        course: what the message is worked on with.
        plan: who answers what.
        language: the language to answer in.
    """
    done: tuple[Contribution, ...] = ()
    after = int(plan.strategy in _NEED_MORE_TIME)
    for index, step in enumerate(plan.steps):
        done += await _step(course, plan, language, done, (index, step, after))
    return done


async def _step(
    course: Course,
    plan: Plan,
    language: Language,
    earlier: tuple[Contribution, ...],
    place: tuple[int, tuple[str, ...], int],
) -> tuple[Contribution, ...]:
    index, names, after = place
    aspects = {aspect.persona: aspect for aspect in plan.aspects}
    rounds = -(-len(names) // course.settings.concurrency)
    among = (len(plan.steps) - index - 1 + after) + rounds
    places = asyncio.Semaphore(course.settings.concurrency)

    async def answer(name: str) -> Contribution:
        async with places:
            part = _Part(course, plan, aspects[name], language, earlier)
            return await _contribution(part, index, among)

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(answer(name)) for name in names]
    return tuple(task.result() for task in tasks)


@attrs.frozen
class _Part:
    course: Course
    plan: Plan
    aspect: Aspect
    language: Language
    earlier: Sequence[Contribution]


async def _contribution(part: _Part, step: int, among: int) -> Contribution:
    course, name = part.course, part.aspect.persona
    request_id = f"{course.request.request_id}-{name}"
    shown = course.shown_name(name, part.language)
    empty = Contribution(part.aspect, shown, request_id, step)
    try:
        request = _request(part, request_id, course.share_s(among))
        return attrs.evolve(empty, reply=whole(await course.respond(request)))
    except TurnError as error:
        return attrs.evolve(empty, error=error)
    except Exception as error:  # noqa: BLE001  one part of several: the others have their answers
        wrapped = NoAnswerError("generate", UNFORESEEN, detail=type(error).__name__)
        return attrs.evolve(empty, error=wrapped)


def _request(part: _Part, request_id: str, deadline_s: float) -> TurnRequest:
    asked, aspect = part.course.request, part.aspect
    return attrs.evolve(
        asked,
        text=asked.text if aspect.whole else aspect.text,
        persona=aspect.persona,
        summary="\n\n".join(filter(None, (asked.summary, *_situation(part)))),
        language=part.language,
        deadline_s=deadline_s,
        request_id=request_id,
    )


def _situation(part: _Part) -> list[str]:
    """What the persona is told beside its parts: the rest of the message and earlier answers."""
    said, language = [], part.language
    if not part.aspect.whole:
        said.append(wording.WHOLE[language].format(text=part.course.request.text))
        others = [name for name in part.plan.personas if name != part.aspect.persona]
        shown = ", ".join(part.course.shown_name(name, language) for name in others)
        said.append(wording.OTHERS[language].format(names=shown))
    most = part.course.settings.handed_on_chars
    return said + [told(item, language, most) for item in part.earlier if item.reply and most]


def told(item: Contribution, language: Language, most: int) -> str:
    """An answer as another persona sees it.

    Args:
        item: the answer.
        language: the language in which it is introduced.
        most: characters after which it is cut.
    """
    return wording.EARLIER[language].format(
        name=item.shown, asked=item.aspect.text, answer=shorten(item.text, most)
    )
