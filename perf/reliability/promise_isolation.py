"""Nobody gets an answer that was made for somebody or something else."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import product

import attrs
from ion_two_tier_cache.cache import TwoTierCache

from ion_framework import Ion, hookimpl
from ion_framework.clock import SystemClock
from ion_framework.domain.language import Language
from ion_framework.domain.persona import CachePolicy, CacheScope, Persona
from ion_framework.domain.prompt import Prompt
from ion_framework.pipeline.cache_key import make_key
from ion_framework.pipeline.chunks import Chunk, Finish, FinishReason, TextChunk, Usage
from ion_framework.pipeline.receipt import CacheStatus
from ion_framework.pipeline.turn import Turn
from ion_framework.testing import CacheProvider, make_ion, make_persona, make_plugin, make_turn
from perf.reliability.cache_parts import memory_tier
from perf.reliability.meanings import SHARED, Meaning, Meanings
from perf.reliability.promise import Finding, Promise, Setting

PAIRS = 10_000
PERSONAS = ("sage", "sag")
VERSIONS = ("1", "1.0")
MODELS = ("m", "m@1")

Ions = Mapping[tuple[str, str], Ion]
"""An installation for each version of the personas and each model; they share one cache."""


class Writer:
    """A generator whose every answer is a number, by which it is known for whom it was made.

    Args:
        model: name of its model.
        made_for: the requests of the answers, by their numbers; its like share it.
    """

    def __init__(self, model: str, made_for: list[str]) -> None:
        self.model = model
        self._made_for = made_for

    @hookimpl
    async def ion_generate(self, turn: Turn) -> AsyncGenerator[Chunk, None]:
        """The number of this answer."""
        self._made_for.append(turn.request.request_id)
        yield TextChunk(str(len(self._made_for) - 1))
        yield Finish(FinishReason.STOP, Usage(), self.model)


@attrs.define
class Counts:
    """What came of the turns.

    Attributes:
        turns: turns that were answered.
        wrong: those that got the answer to something else.
        foreign: those of them that got the answer of somebody else.
        again: turns that asked what had just been asked.
        hits: those of them that were answered by the cache.
    """

    turns: int = 0
    wrong: int = 0
    foreign: int = 0
    again: int = 0
    hits: int = 0


async def check(setting: Setting) -> Sequence[Finding]:
    """Compare keys of pairs, and then ask both of each pair in real turns."""
    number = setting.number(PAIRS, 100)
    keys, collisions = _collisions(setting, number)
    counts = await _turns(setting, number)
    return [
        Finding(
            f"equal digests of unequal meanings, {keys} keys against each other",
            "0",
            f"{collisions}",
            not collisions,
        ),
        Finding(
            "answers made for somebody else", "0", _of(counts.foreign, counts), not counts.foreign
        ),
        Finding(
            "answers made for something else", "0", _of(counts.wrong, counts), not counts.wrong
        ),
        Finding(
            "the same again, answered by the cache",
            "every time",
            f"{counts.hits} of {counts.again}",
            counts.hits == counts.again,
        ),
    ]


def _of(found: int, counts: Counts) -> str:
    return f"{found} of {counts.turns}"


def _collisions(setting: Setting, number: int) -> tuple[int, int]:
    """How many different meanings there were, and how many shared a digest with another."""
    meanings = Meanings(setting.random("keys"))
    essences: dict[str, set[tuple[object, ...]]] = {}
    for _ in range(number):
        for meaning in meanings.pair():
            essences.setdefault(_digest(meaning), set()).add(meaning.essence)
    return sum(map(len, essences.values())), sum(len(found) - 1 for found in essences.values())


def _digest(meaning: Meaning) -> str:
    """The digest of the key that the core makes."""
    persona = _persona(meaning.persona, meaning.version)
    turn = make_turn(
        meaning.text,
        persona=persona,
        principal=meaning.principal,
        tenant=meaning.tenant,
        user_id=meaning.user_id or None,
        history=meaning.messages,
    )
    prompt = Prompt(
        name="sage/standard",
        version="1",
        system="You are kind.",
        history=meaning.messages,
        user=meaning.text,
        language=Language.ENGLISH,
        parameters=meaning.parameters,
    )
    return make_key(turn, persona, prompt, f"writer@{meaning.model}").digest


async def _turns(setting: Setting, number: int) -> Counts:
    """Ask both of each pair, and the first once more."""
    meanings = Meanings(setting.random("turns"), PERSONAS, VERSIONS, MODELS)
    made_for: list[str] = []
    asked: dict[str, Meaning] = {}
    counts = Counts()
    async with _installations(made_for) as ions:
        for _ in range(number):
            first, second = meanings.pair()
            for meaning in (first, second):
                await _ask(ions, meaning, made_for, asked, counts)
            counts.again += 1
            counts.hits += await _ask(ions, first, made_for, asked, counts)
    return counts


async def _ask(
    ions: Ions,
    meaning: Meaning,
    made_for: list[str],
    asked: dict[str, Meaning],
    counts: Counts,
) -> bool:
    """Ask, and see for whom the answer was made; returns whether it was a hit."""
    request = meaning.request
    asked[request.request_id] = meaning
    reply = await ions[meaning.version, meaning.model].respond(request)
    original = asked[made_for[int(reply.content)]]
    counts.turns += 1
    counts.wrong += original.essence != meaning.essence
    counts.foreign += (original.tenant, original.owner) != (meaning.tenant, meaning.owner)
    return reply.receipt.cache.status is CacheStatus.HIT


@asynccontextmanager
async def _installations(made_for: list[str]) -> AsyncIterator[Ions]:
    cache = TwoTierCache(memory_tier(), SystemClock())
    async with AsyncExitStack() as stack:
        ions = {}
        for version, model in product(VERSIONS, MODELS):
            ion = make_ion(
                make_plugin("cache", CacheProvider(cache), "cache"),
                make_plugin("writer", Writer(model, made_for), "generator"),
                personas=tuple(_persona(name, version) for name in (*PERSONAS, SHARED)),
            )
            ions[version, model] = await stack.enter_async_context(ion)
        yield ions


def _persona(name: str, version: str) -> Persona:
    scope = CacheScope.SHARED if name == SHARED else CacheScope.PRINCIPAL
    return make_persona(name, version=version, cache=CachePolicy(scope))


PROMISE = Promise(
    number=7,
    title="Nobody gets an answer that was made for somebody or something else",
    check=check,
    seconds=20,
    fast=True,
)
