"""Prompts, renderings and finishes: a persona's own and general ones."""

import asyncio

import attrs
import pytest

from ion_framework.domain.conversation import Message, Role
from ion_framework.domain.language import Language
from ion_framework.domain.persona import GenerationParameters
from ion_framework.domain.prompt import Prompt, PromptMode
from ion_framework.pipeline.markers import hookimpl
from ion_framework.pipeline.turn import TurnRequest
from ion_framework.plugin_host.discovery import inline
from ion_framework.settings.model import PromptSettings, Settings
from ion_framework.testing import (
    FakeGenerator,
    make_manifest,
    make_persona,
    make_plugin,
    run_virtual,
    running_ion,
)

QUESTION = "How do I read a query plan?"


def hook(name, function):
    """An object with one implementation."""
    function.__name__ = name
    return type("Single", (), {name: hookimpl(function)})()


def respond(*plugins, request=QUESTION, **options):
    """The reply to one turn."""

    async def main():
        clock = asyncio.get_running_loop()
        async with running_ion(*plugins, clock=clock, **options) as ion:
            return await ion.respond(request)

    return run_virtual(main())


def outcomes(reply, wanted):
    """What each plugin did in a hook."""
    return [
        (item.plugin, item.outcome.value) for item in reply.receipt.plugins if item.hook == wanted
    ]


SURROGATE = "\ud800"
PROMPT = Prompt("p", "1", "system", (), "user", Language.ENGLISH)


def _persona_plugin(name, target, **changes):
    persona = make_persona(name)
    return inline(make_manifest(name, "persona", persona=persona, **changes), lambda _: target)


class _OwnPersona:
    @hookimpl
    def ion_build_prompt(self, turn, persona):
        return attrs.evolve(PROMPT, user=turn.text, system=f"{persona.name}'s own")

    @hookimpl
    def ion_render_prompt(self, prompt):
        return attrs.evolve(prompt, system=prompt.system + " own-render")

    @hookimpl
    def ion_finish(self, reply):
        return attrs.evolve(reply, metadata={**reply.metadata, "by": "own"})


class _General:
    @hookimpl
    def ion_build_prompt(self):
        return attrs.evolve(PROMPT, system="general")

    @hookimpl
    def ion_render_prompt(self, prompt):
        return attrs.evolve(prompt, system=prompt.system + " general-render")

    @hookimpl
    def ion_finish(self, reply):
        return attrs.evolve(reply, metadata={**reply.metadata, "then": "general"})


@pytest.mark.parametrize(
    ("persona", "system", "metadata", "order"),
    [
        (
            "zoe",
            "zoe's own own-render general-render",
            {"by": "own", "then": "general"},
            ["zoe", "aaa"],
        ),
        ("amy", "general general-render", {"then": "general"}, ["aaa"]),
    ],
)
def test_a_personas_hooks_run_in_its_own_turns_before_general_ones(
    persona, system, metadata, order
):
    """A persona's prompt, rendering and finish are its own turns' alone, and come first there."""
    generator = FakeGenerator()
    reply = respond(
        make_plugin("gen", generator, "generator"),
        make_plugin("aaa", _General(), "extension"),
        _persona_plugin("zoe", _OwnPersona()),
        personas=(make_persona("amy"),),
        request=TurnRequest(text=QUESTION, persona=persona),
    )

    assert (system, metadata) == (generator.prompts[0].system, dict(reply.metadata))
    assert order == [name for name, _ in outcomes(reply, "ion_render_prompt")]


def test_a_general_prompt_goes_before_the_manifests():
    """An extension's prompt takes the place of the standard one; where it passes, that serves."""
    one = FakeGenerator()
    respond(make_plugin("gen", one, "generator"), make_plugin("aaa", _General(), "extension"))
    two = FakeGenerator()
    idle = make_plugin("aaa", hook("ion_build_prompt", lambda self: None), "extension")
    respond(make_plugin("gen", two, "generator"), idle)

    assert one.prompts[0].system.startswith("general")
    assert two.prompts[0].system.startswith("You are Sage.")


def test_the_callers_parameters_override_the_personas():
    """Parameters of the request replace those of the persona, one by one."""
    generator = FakeGenerator()
    persona = make_persona(parameters=GenerationParameters(temperature=0.9, top_p=0.5))
    request = TurnRequest(text=QUESTION, parameters=GenerationParameters(temperature=0.1))
    respond(make_plugin("gen", generator, "generator"), personas=(persona,), request=request)

    assert GenerationParameters(temperature=0.1, top_p=0.5) == generator.prompts[0].parameters


def test_compact_mode_asks_for_bullets_within_its_limits():
    """A compact prompt is named so and carries the last two messages by default."""
    generator = FakeGenerator()
    history = tuple(Message(Role.USER, f"m{number} " + "x" * 500) for number in range(5))
    request = TurnRequest(text=QUESTION, history=history, prompt_mode=PromptMode.COMPACT)
    reply = respond(make_plugin("gen", generator, "generator"), request=request)

    prompt = generator.prompts[0]
    assert "sage/summary_light@1" == reply.receipt.prompt
    assert "1 to 3 bullet points, at most 80 words" in prompt.system
    assert [121, 121] == [len(message.content) for message in prompt.history]


def test_the_settings_say_how_much_history_a_prompt_carries():
    """Other limits in the settings reach the standard prompt."""
    generator = FakeGenerator()
    history = tuple(Message(Role.USER, f"m{number}") for number in range(9))
    limits = attrs.evolve(PromptSettings().standard, messages=6)
    respond(
        make_plugin("gen", generator, "generator"),
        settings=Settings(prompt=PromptSettings(standard=limits)),
        request=TurnRequest(text=QUESTION, history=history),
    )

    assert 6 == len(generator.prompts[0].history)


FINISHES = {
    "the text": lambda reply: attrs.evolve(reply, content="other"),
    "the persona": lambda reply: attrs.evolve(reply, persona="other"),
    "the receipt": lambda reply: attrs.evolve(
        reply, receipt=attrs.evolve(reply.receipt, reasons=())
    ),
    "metadata that is none": lambda reply: attrs.evolve(reply, metadata=None),
    "metadata that is not JSON": lambda reply: attrs.evolve(reply, metadata={"x": object()}),
    "metadata without end": lambda reply: attrs.evolve(reply, metadata=_loop()),
    "metadata nothing can encode": lambda reply: attrs.evolve(reply, metadata={"x": SURROGATE}),
}


def _loop():
    loop = {}
    loop["itself"] = loop
    return loop


@pytest.mark.parametrize("change", FINISHES.values(), ids=FINISHES)
def test_finish_may_change_nothing_but_metadata(change):
    """Any other change, and metadata that is no JSON, is skipped and recorded."""
    bad = make_plugin("bad", hook("ion_finish", lambda self, reply: change(reply)), "extension")
    good = make_plugin(
        "good",
        hook("ion_finish", lambda self, reply: attrs.evolve(reply, metadata={"ok": True})),
        "extension",
    )
    reply = respond(bad, good)

    assert (f"You said: {QUESTION}", {"ok": True}) == (reply.content, reply.metadata)
    assert [("bad", "failed"), ("good", "changed")] == outcomes(reply, "ion_finish")
