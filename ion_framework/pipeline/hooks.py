"""The typed facade over the hooks: one method each, so that call sites are type checked."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Coroutine, Mapping, Sequence
from operator import attrgetter, is_
from typing import Any, cast

import attrs

from ion_framework.clock import Clock
from ion_framework.domain.persona import Persona
from ion_framework.domain.prompt import Prompt
from ion_framework.domain.resonance import Resonance
from ion_framework.domain.routing import RoutingDecision
from ion_framework.pipeline import analysis, families
from ion_framework.pipeline.answer_checks import (
    check_context,
    check_metadata,
    check_prompt,
)
from ion_framework.pipeline.cache_key import GeneratorModel
from ion_framework.pipeline.chunks import Chunk
from ion_framework.pipeline.families import Budget
from ion_framework.pipeline.generation import Generation
from ion_framework.pipeline.implementation import Implementation
from ion_framework.pipeline.incoming import IncomingRequest
from ion_framework.pipeline.known_decisions import KnownDecisions
from ion_framework.pipeline.reply import Reply
from ion_framework.pipeline.request_guards import RequestGuards
from ion_framework.pipeline.stream_transform import transform_stream
from ion_framework.pipeline.trace import Trace
from ion_framework.pipeline.turn import Turn, TurnContext
from ion_framework.settings.model import TurnSettings


class Hooks:
    """Every hook of the turn, with its implementations in order.

    Args:
        table: implementations by hook.
        models: what each generator says of its model, by plugin.
        limits: time limits of the stages.
    """

    def __init__(
        self,
        table: Mapping[str, tuple[Implementation, ...]],
        models: Mapping[str, GeneratorModel],
        limits: TurnSettings,
    ) -> None:
        self._table = table
        self._models = models
        self._limits = limits
        self._decisions = KnownDecisions(())
        self._in_turns_of: dict[tuple[str, str], tuple[Implementation, ...]] = {}
        self._pure: dict[str, bool] = {}
        self._request_guards: RequestGuards | None = None

    def of(self, hook: str, persona: str = "") -> tuple[Implementation, ...]:
        """The implementations of a hook that run in the turns of a persona, in order."""
        found = self._in_turns_of.get((hook, persona))
        if found is None:
            found = tuple(item for item in self._table.get(hook, ()) if item.applies_to(persona))
            self._in_turns_of[hook, persona] = found
        return found

    def is_pure(self, persona: str) -> bool:
        """Whether all that stands before the cache in the turns of a persona is marked as pure.

        Analysers need not be: the engine remembers every reading by its text.
        """
        found = self._pure.get(persona)
        if found is None:
            items = (item for hook in _BEFORE_CACHE for item in self.of(hook, persona))
            found = self._pure[persona] = all(item.pure for item in items)
        return found

    @property
    def generator(self) -> str:
        """First active generator as the cache key has it, empty without one."""
        for item in self._table.get("ion_generate", ()):
            return self._model(item).key_part(item.plugin)
        return ""

    async def guard(self, turn: Turn, trace: Trace) -> None:
        """Ask the guards.

        Raises:
            TurnRefusedError: one of them said no, or failed.
        """
        budget = Budget(trace, self._limits.guard_s)
        await families.guard(self.of("ion_guard"), {"turn": turn}, budget)

    @property
    def guards_requests(self) -> bool:
        """Whether there is a guard of requests at all; asked before one is put together."""
        return bool(self._table.get("ion_guard_request"))

    def guard_request(self, request: IncomingRequest, clock: Clock) -> Coroutine[Any, Any, None]:
        """Ask the guards of requests, once it is awaited.

        Raises:
            TurnRefusedError: one of them said no, or failed.
        """
        guards = self._request_guards
        if guards is None:
            guards = RequestGuards(self.of("ion_guard_request"), self._limits.guard_s)
            self._request_guards = guards
        return guards.ask(request, clock)

    async def gather_context(self, turn: Turn, trace: Trace) -> Turn:
        """Let context be added; each implementation sees what those before it added."""
        items, budget = self.of("ion_gather_context"), Budget(trace, self._limits.context_s)
        value = await families.transform(items, "turn", {"turn": turn}, budget, _with_context)
        return cast("Turn", value)

    async def analyze(self, turn: Turn, trace: Trace) -> Resonance | None:
        """The first analysis, with the name of who made it."""
        budget = Budget(trace, self._limits.analyze_s)
        return await analysis.analyze(self.of("ion_analyze"), turn, budget)

    async def route(
        self, turn: Turn, personas: tuple[Persona, ...], trace: Trace
    ) -> tuple[RoutingDecision, Implementation] | None:
        """The first decision for a persona that is active, with who made it."""
        if personas is not self._decisions.personas:
            self._decisions = KnownDecisions(personas)
        values = {"turn": turn, "personas": personas}
        budget = Budget(trace, self._limits.route_s)
        check = self._decisions.check
        found = await families.decide(self.of("ion_route"), values, budget, check)
        return cast("tuple[RoutingDecision, Implementation] | None", found)

    async def build_prompt(self, turn: Turn, persona: Persona, trace: Trace) -> Prompt | None:
        """The first prompt."""
        items, budget = self.of("ion_build_prompt", persona.name), self._prompt_budget(trace)
        values = {"turn": turn, "persona": persona}
        found = await families.decide(
            items, values, budget, lambda found: check_prompt(cast("Prompt", found))
        )
        return cast("Prompt", found[0]) if found else None

    async def render_prompt(self, turn: Turn, prompt: Prompt, trace: Trace) -> Prompt:
        """The prompt after its last changes."""
        items = self.of("ion_render_prompt", _persona_of(turn))
        values = {"turn": turn, "prompt": prompt}
        budget = self._prompt_budget(trace)
        value = await families.transform(items, "prompt", values, budget, _usable_prompt)
        return cast("Prompt", value)

    def generation(
        self, trace: Trace, generators: Sequence[Implementation] | None = None
    ) -> Generation:
        """An answer to be made by the generators: all of them in order, or those given."""
        items = self.of("ion_generate") if generators is None else generators
        models = {item.plugin: self._model(item).name for item in items}
        return Generation(items, models, trace, self._limits)

    def _model(self, item: Implementation) -> GeneratorModel:
        return self._models.get(item.plugin, GeneratorModel())

    def transform_stream(
        self, turn: Turn, chunks: AsyncGenerator[Chunk, None], trace: Trace
    ) -> AsyncGenerator[Chunk, None]:
        """The stream with every transformation around it."""
        items = self.of("ion_transform_stream", _persona_of(turn))
        limit_s = self._limits.next_token_s
        return transform_stream(items, {"turn": turn}, chunks, trace, limit_s)

    async def finish(self, reply: Reply, turn: Turn, trace: Trace) -> Reply:
        """The reply to a turn with the metadata that plugins add."""
        items, budget = self.of("ion_finish", reply.persona), self._prompt_budget(trace)
        values = {"reply": reply, "turn": turn}
        value = await families.transform(items, "reply", values, budget, _only_metadata)
        return cast("Reply", value)

    def _prompt_budget(self, trace: Trace) -> Budget:
        return Budget(trace, self._limits.prompt_s)


_BEFORE_CACHE = (
    "ion_guard",
    "ion_gather_context",
    "ion_route",
    "ion_build_prompt",
    "ion_render_prompt",
)


def _persona_of(turn: Turn) -> str:
    return turn.persona.name if turn.persona else ""


def _with_context(turn: object, context: object) -> Turn:
    changed = cast("TurnContext", context)
    check_context(changed)
    return attrs.evolve(cast("Turn", turn), context=changed)


def _usable_prompt(_: object, after: object) -> Prompt:
    prompt = cast("Prompt", after)
    check_prompt(prompt)
    return prompt


def _only_metadata(before: object, after: object) -> Reply:
    reply, changed = cast("Reply", before), cast("Reply", after)
    if not _is_same(reply, changed) and attrs.evolve(changed, metadata=reply.metadata) != reply:
        raise ValueError("changed more than the metadata; text changes in ion_transform_stream")
    check_metadata(changed.metadata)
    return changed


def _is_same(reply: Reply, changed: Reply) -> bool:
    """Whether everything but the metadata is the very same; to compare it takes far longer."""
    return type(changed) is type(reply) and all(
        map(is_, _but_metadata(reply), _but_metadata(changed))
    )


_but_metadata = attrgetter(
    *(field.name for field in attrs.fields(Reply) if field.name != "metadata")
)
