"""What may be asked of an `Ion`, and what it says where it has no answer."""

import asyncio
from decimal import Decimal

import attrs
import pytest

from ion_framework.domain.conversation import Message, Role
from ion_framework.domain.key import Intent, Pace, ResonanceKey, Tone
from ion_framework.domain.language import Language
from ion_framework.errors import InvalidRequestError, NoAnswerError, UnknownPersonaError
from ion_framework.pipeline.markers import hookimpl
from ion_framework.pipeline.turn import TurnRequest
from ion_framework.settings.model import Settings
from ion_framework.testing import (
    FakeGenerator,
    make_ion,
    make_persona,
    make_plugin,
    make_resonance,
    running_ion,
)

QUESTION = "How do I read a query plan?"
LUCY = make_persona("lucy", rank=1, tone={Tone.CALM: Decimal("0.9")})
MAX = make_persona("max", rank=2, tone={Tone.CALM: Decimal("0.6"), Tone.URGENT: Decimal(1)})


def respond(request, *plugins, personas=(LUCY, MAX), **options):
    """The reply to one turn."""

    async def main():
        async with running_ion(*plugins, personas=personas, **options) as ion:
            return await ion.respond(request)

    return asyncio.run(main())


class CountingAnalyzer:
    """Counts its calls; does what a function says."""

    def __init__(self, answer=lambda text: make_resonance(text=text)):
        self.answer = answer
        self.texts = []

    @hookimpl
    def ion_analyze(self, turn):
        """Count, and answer."""
        self.texts.append(turn.text)
        return self.answer(turn.text)


# --- what may be asked ---------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["", " ", "\n\t ", "\u3000"])
def test_a_blank_message_is_refused(text):
    """A message without a visible character names its field."""
    with pytest.raises(InvalidRequestError, match="the message is empty") as caught:
        respond(text)

    assert "text" == caught.value.field


ODD = "well \udc80 then"
SURROGATES = {
    "text": TurnRequest(text=ODD),
    "summary": TurnRequest(text="x", summary=ODD),
    "history": TurnRequest(text="x", history=(Message(Role.USER, ODD),)),
    "notes": TurnRequest(text="x", notes=("fine", ODD)),
    "user_id": TurnRequest(text="x", user_id=ODD),
    "principal": TurnRequest(text="x", principal=ODD),
    "tenant": TurnRequest(text="x", tenant=ODD),
    "session_id": TurnRequest(text="x", session_id=ODD),
    "request_id": TurnRequest(text="x", request_id=ODD),
}


@pytest.mark.parametrize("field", SURROGATES)
def test_a_lone_surrogate_is_refused_wherever_it_stands(field):
    """Text that nothing could encode is refused with its field and position."""
    with pytest.raises(InvalidRequestError, match="a lone surrogate at character 5") as caught:
        respond(SURROGATES[field])

    assert field == caught.value.field


@pytest.mark.parametrize("name", ["max", "MAX", " Max "])
def test_the_caller_may_name_the_persona(name):
    """A persona asked for by name answers, whatever the scores; the receipt says so."""
    reply = respond(TurnRequest(text=QUESTION, persona=name))

    assert ("max", "lucy", True) == (
        reply.persona,
        reply.decision.secondary,
        reply.decision.forced,
    )
    assert "max was asked for by name" == reply.receipt.reasons[0]
    assert Decimal("-0.15") == reply.receipt.margin
    assert ["lucy", "max"] == list(reply.receipt.scores)


def test_an_unknown_persona_is_refused_with_those_there_are():
    """The error names the field and lists the active personas."""
    with pytest.raises(InvalidRequestError) as caught:
        respond(TurnRequest(text=QUESTION, persona="ghost"))

    assert ("persona", "unknown persona 'ghost'; known are: lucy, max") == (
        caught.value.field,
        str(caught.value),
    )


def test_personas_are_found_by_name_in_any_case():
    """`Ion.persona` does not mind case or space, and an unknown name lists the known ones."""
    ion = make_ion(personas=(LUCY, MAX))
    ion.activate()

    assert LUCY == ion.persona(" Lucy")
    with pytest.raises(UnknownPersonaError, match="known are: lucy, max"):
        ion.persona("ghost")


def test_the_caller_may_name_the_key():
    """With a key no analyser is asked, and the routing follows the key."""
    analyzer = CountingAnalyzer()
    key = ResonanceKey(Tone.URGENT, Pace.BURST, Intent.PROBLEM_SOLVING)
    reply = respond(TurnRequest(text=QUESTION, key=key), make_plugin("count", analyzer, "analyzer"))

    assert ("max", key, "request", []) == (
        reply.persona,
        reply.receipt.key,
        reply.resonance.source,
        analyzer.texts,
    )


def test_a_key_and_a_persona_need_neither_analyser_nor_router():
    """With both given, a turn is answered although nothing could judge it."""

    class Nobody:
        @hookimpl
        def ion_analyze(self):
            raise OSError("broken")

        @hookimpl
        def ion_route(self):
            raise OSError("broken")

    request = TurnRequest(
        text=QUESTION, persona="max", key=ResonanceKey.parse("calm-medium-learning")
    )
    reply = respond(request, make_plugin("nobody", Nobody(), "analyzer", "router"))

    assert ("max", Decimal(1)) == (reply.persona, reply.receipt.confidence)
    assert ({}, None) == (dict(reply.receipt.scores), reply.decision.secondary)


@pytest.mark.parametrize("language", list(Language))
def test_the_caller_may_name_the_language(language):
    """A language in the request goes before that of the message."""
    generator = FakeGenerator()
    reply = respond(
        TurnRequest(text=QUESTION, language=language), make_plugin("gen", generator, "generator")
    )

    assert (language, language) == (reply.language, generator.prompts[0].language)


# --- nobody is there -----------------------------------------------------------------------------

MISSING = {
    "analyser": (
        ("ion_analyze", "analyzer"),
        TurnRequest(text="x"),
        "analyze",
        "no analyser could read the message: every one passed",
    ),
    "router": (
        ("ion_route", "router"),
        TurnRequest(text="x"),
        "route",
        "no router could decide for a persona: every one passed",
    ),
}


@pytest.mark.parametrize(("wanted", "request_", "stage", "message"), MISSING.values(), ids=MISSING)
def test_a_stage_at_which_everybody_passes_says_so(wanted, request_, stage, message):
    """Where somebody is active and has nothing to say, nobody is told to install something."""
    hook, kind = wanted
    idle = type("Idle", (), {hook: hookimpl(_named(hook))})()
    with pytest.raises(NoAnswerError) as caught:
        respond(request_, make_plugin("idle", idle, kind))

    assert (stage, message, None) == (
        caught.value.stage,
        str(caught.value),
        caught.value.retry_after_s,
    )


def _named(hook):
    def implementation(self):
        return None

    implementation.__name__ = hook
    return implementation


@pytest.mark.parametrize(
    ("disabled", "request_", "stage", "message"),
    [
        (
            "test-analyzer",
            TurnRequest(text="x"),
            "analyze",
            "no analyser is active: install ion-resonance, or give the resonance key yourself",
        ),
        (
            "test-router",
            TurnRequest(text="x"),
            "route",
            "no router is active: install ion-resonance, or name the persona yourself",
        ),
        (
            "sage",
            TurnRequest(text="x"),
            "route",
            "no persona is active: install one, for example ion-persona-lua",
        ),
        (
            "test-generator",
            TurnRequest(text="x"),
            "generate",
            "no generator is active: install ion-offline (no key needed) or ion-gemini, and see "
            "`ion plugins` for what is installed",
        ),
    ],
)
def test_what_is_missing_is_told_with_what_to_install(disabled, request_, stage, message):
    """Without a part that a turn needs, the error says which, and what to install."""
    settings = Settings()
    settings = attrs.evolve(settings, plugins=attrs.evolve(settings.plugins, disable=(disabled,)))
    with pytest.raises(NoAnswerError) as caught:
        respond(request_, personas=None, settings=settings)

    assert (stage, message, None) == (
        caught.value.stage,
        str(caught.value),
        caught.value.retry_after_s,
    )


def test_reading_and_routing_can_be_had_without_an_answer():
    """`analyze` and `route` say what a turn would say, and fail as a turn would fail."""

    async def main():
        async with running_ion(personas=(LUCY, MAX)) as ion:
            resonance = await ion.analyze(QUESTION)
            decision = await ion.route(QUESTION, resonance)
            reply = await ion.respond(QUESTION)
            return resonance == reply.resonance, decision == reply.decision

    assert (True, True) == asyncio.run(main())


def test_routing_by_hand_says_what_is_missing():
    """`route` without a router tells what to install, as a turn does."""
    settings = Settings()
    off = attrs.evolve(settings.plugins, disable=("test-router",))

    async def main():
        async with running_ion(settings=attrs.evolve(settings, plugins=off)) as ion:
            await ion.route("x", make_resonance())

    with pytest.raises(NoAnswerError, match="no router is active: install ion-resonance"):
        asyncio.run(main())
