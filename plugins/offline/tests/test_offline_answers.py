"""What the answers hold: helpful, honest, in the persona's voice, made for the message."""

from __future__ import annotations

from decimal import Decimal
from itertools import product

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ion_offline.composer import compose
from ion_offline.material import read_turn
from ion_offline.phrasebook import phrasebook

from ion_framework.domain.conversation import Message, Role
from ion_framework.domain.key import Intent, Pace, ResonanceKey, Tone
from ion_framework.domain.language import Language, detect_language
from ion_framework.domain.persona import Affinities, Persona, PersonaPrompts, Voice
from ion_framework.domain.prompt import PromptMaterial, PromptMode, build_prompt
from ion_framework.domain.resonance import IntentReading, Resonance
from ion_framework.pipeline.turn import Turn, TurnContext, TurnRequest

EN, KO = Language.ENGLISH, Language.KOREAN
NAMED = {EN: "offline generator", KO: "오프라인 생성기"}
MESSAGES = {
    EN: "Our payment server is down after the upgrade",
    KO: "결제 서버가 업그레이드 뒤로 안 돼요",
}


def stranger(name: str = "harbour", **changes: object) -> Persona:
    """A third party's persona at its barest: English only, no voice, no affinities."""
    persona = Persona(
        name=name,
        version="1",
        display_name={},
        description={EN: "A calm harbour master."},
        traits={},
        strengths={},
        affinities=Affinities(),
        prompts=PersonaPrompts({EN: "You are {{persona_name}}."}),
    )
    return attrs.evolve(persona, **changes)  # type: ignore[arg-type]


def answer(
    text: str,
    reading: str | Resonance = "calm-medium-problem_solving",
    *,
    persona: Persona | None = None,
    context: TurnContext | None = None,
    mode: PromptMode = PromptMode.STANDARD,
) -> str:
    """The offline answer to a message; a reading that is a key is in the message's language."""
    persona, context = persona or stranger(), context or TurnContext()
    if isinstance(reading, str):
        reading = Resonance.given(ResonanceKey.parse(reading), detect_language(text))
    turn = Turn(TurnRequest(text=text), context, reading, persona=persona)
    material = PromptMaterial(text, reading, context.history, context.summary)
    prompt = build_prompt(persona, material, mode)
    return compose(read_turn(turn, prompt), phrasebook(prompt.language), mode)


def said(*texts: str) -> TurnContext:
    """A context in which user and assistant took turns."""
    roles = (Role.USER, Role.ASSISTANT)
    return TurnContext(
        history=tuple(Message(roles[place % 2], text) for place, text in enumerate(texts))
    )


@pytest.mark.parametrize(("language", "tone"), list(product((EN, KO), Tone)))
def test_every_key_gets_an_answer_about_the_message(language: Language, tone: Tone) -> None:
    """For each tone, pace and intent the answer names topic and origin and leaves no gap."""
    topic = {EN: "your payment server", KO: "결제 서버"}[language]
    for pace, intent in product(Pace, Intent):
        text = answer(MESSAGES[language], str(ResonanceKey(tone, pace, intent)))
        assert topic in text
        assert NAMED[language] in text
        assert not {"{", "}"} & set(text)
        assert "\n\n\n" not in text
        assert "  " not in text
        assert text == text.strip()


def test_the_same_turn_gets_the_same_answer() -> None:
    """Nothing in an answer is random, so that a cache may keep it."""
    assert answer(MESSAGES[EN]) == answer(MESSAGES[EN])


def test_different_messages_get_different_answers() -> None:
    """Two messages with the same key are answered about their own matter."""
    first = answer("my tests keep failing on the build server")
    second = answer("the kitchen tap drips every night")

    assert "your tests" in first
    assert "your tests" not in second
    assert "the kitchen tap" in second


def test_different_personas_answer_the_same_message_differently() -> None:
    """Voice, affinity and strengths of a persona each show in its answer."""
    warm = stranger(
        "warm",
        display_name={EN: "Ember"},
        strengths={EN: ("steady comfort",)},
        affinities=Affinities(intent={Intent.REFLECTION: Decimal(1)}),
        voice=Voice({"any": {EN: ("Come and sit down.",)}}, {EN: ("I am here.",)}),
    )
    bare, own = answer(MESSAGES[EN]), answer(MESSAGES[EN], persona=warm)
    lenses = phrasebook(EN).intent[Intent.REFLECTION].lens

    assert own.startswith("Come and sit down.")
    assert "I am here." in own
    assert "steady comfort" in own
    assert "for Ember" in own
    assert any(lens in own for lens in lenses)
    assert not any(part in bare for part in ("Come and sit", "I am here", *lenses))


@pytest.mark.parametrize(("tone", "lens"), [("anxious", 0), ("playful", 0), ("calm", 1)])
def test_worry_and_play_are_spared_the_lens(tone: str, lens: int) -> None:
    """The persona adds its thought from another intent for other tones only."""
    drawn = stranger(affinities=Affinities(intent={Intent.REFLECTION: Decimal(1)}))
    text = answer(MESSAGES[EN], f"{tone}-medium-planning", persona=drawn)

    assert sum(text.count(one) for one in phrasebook(EN).intent[Intent.REFLECTION].lens) == lens


def test_the_opening_for_the_tone_goes_before_the_one_for_any() -> None:
    """A persona's own words for the tone of the message are preferred."""
    voice = Voice({"any": {EN: ("Hello.",)}, "urgent": {EN: ("At once.",)}})
    persona = stranger(voice=voice)

    assert answer("help", "urgent-medium-planning", persona=persona).startswith("At once.")
    assert answer("help", "calm-medium-planning", persona=persona).startswith("Hello.")


def test_an_english_voice_does_not_break_into_a_korean_answer() -> None:
    """Where a persona has no Korean voice, the generator's own Korean phrases stand in."""
    persona = stranger(
        voice=Voice({"any": {EN: ("Ahoy there.",)}}, {EN: ("Fair winds.",)}),
        strengths={EN: ("knots",)},
    )
    text = answer(MESSAGES[KO], persona=persona)

    assert not any(word in text for word in ("Ahoy", "Fair winds", "knots"))
    assert "harbour를 대신해" in text


def test_the_pace_shapes_the_answer() -> None:
    """Burst is short with bullets, medium is numbered, flowing is prose, contemplative longest."""
    burst, medium, flowing, deep = (
        answer(MESSAGES[EN], f"calm-{pace}-learning")
        for pace in ("burst", "medium", "flowing", "contemplative")
    )

    assert burst.count("\n- ") == 3
    assert "\n4. " in medium
    assert not any(mark in flowing for mark in ("\n- ", "\n1. "))
    assert len(burst) < len(medium) < len(deep)
    assert len(flowing) < len(deep)


@pytest.mark.parametrize("language", [EN, KO])
def test_urgent_answers_begin_with_actions(language: Language) -> None:
    """Where it is urgent and something is broken, safe first actions precede the analysis."""
    text = answer(MESSAGES[language], "urgent-medium-problem_solving")
    way_back = {EN: "go back now", KO: "지금 되돌리고"}[language]

    assert text.index("1. ") < text.index(way_back) < text.index("\n- ")


def test_a_choice_is_treated_as_one() -> None:
    """Asked to choose, the answer names both sides and takes neither as the topic."""
    text = answer("Rust or Go for the web service?", "curious-medium-seek_advice")

    assert "Rust" in text
    assert "Go" in text
    assert "this decision" in text
    assert "from Rust" not in text


def test_a_message_that_names_nothing_is_asked_back() -> None:
    """Without a topic, even the shortest answer says so and asks for it."""
    text = answer("이거 왜 안 돼요?!", "frustrated-burst-problem_solving")

    assert "?" in text
    assert any(phrase in text for phrase in phrasebook(KO).restate.none)


def test_a_new_matter_is_tied_to_the_one_before() -> None:
    """The answer names what the conversation was about before."""
    text = answer("Should my resume be one page?", context=said("my job interview is near", "ok"))

    assert "your job interview" in text


def test_coming_back_to_a_matter_is_noticed() -> None:
    """A topic that comes up again is treated as the same one."""
    text = answer("테스트가 또 깨져요", context=said("테스트가 깨져요", "네"))

    assert any(
        phrase.replace("{earlier}", "테스트") in text for phrase in phrasebook(KO).history.same
    )


def test_the_running_summary_serves_where_there_is_no_history() -> None:
    """The last user line of the summary ties the answer to the conversation."""
    context = TurnContext(summary="- U: my garden fence is broken\n- A: Since when?")

    assert "your garden fence" in answer("And the roof?", context=context)


def test_the_notice_is_whole_at_first_and_short_later() -> None:
    """The first answer explains how to get a model, later ones say it in one breath."""
    full, short = phrasebook(EN).notice.full[0], phrasebook(EN).notice.short[0]
    first = answer(MESSAGES[EN])
    later = answer(MESSAGES[EN], context=said("hello there", "hello"))

    assert first.endswith(full.format(name="harbour"))
    assert later.endswith(short)
    assert len(short) < len(full)


def test_facts_that_the_caller_gave_are_used() -> None:
    """Notes about the situation are repeated as what is taken as given."""
    text = answer(MESSAGES[EN], context=TurnContext(notes=("The shop opens at nine.", "")))

    assert "The shop opens at nine." in text


def test_a_close_call_between_two_intents_is_said() -> None:
    """Where the second intent was nearly as likely, the answer offers it."""
    reading = Resonance.given(ResonanceKey.parse("calm-medium-learning"), EN)
    close = IntentReading(Intent.LEARNING, 0.45, Intent.PLANNING, 0.4)
    unsure = attrs.evolve(reading, intent=close)

    assert "a plan" in answer(MESSAGES[EN], unsure)
    assert "a plan" not in answer(MESSAGES[EN], reading)


@pytest.mark.parametrize(
    ("language", "message", "number"),
    [(EN, "honestly I just want to die", "988"), (KO, "요즘은 그냥 죽고 싶어요", "109")],
)
@pytest.mark.parametrize("mode", list(PromptMode))
def test_a_person_in_danger_is_sent_to_people(
    language: Language, message: str, number: str, mode: PromptMode
) -> None:
    """Words of despair are answered with where to find a person, not with a scaffold."""
    text = answer(message, "calm-medium-planning", mode=mode)

    assert number in text
    assert "1. " not in text


@pytest.mark.parametrize(("language", "tone"), list(product((EN, KO), Tone)))
def test_compact_answers_keep_their_limits(language: Language, tone: Tone) -> None:
    """A compact answer is one to three bullets of at most 80 words, nothing around them."""
    long = "the enormous quarterly regional budget spreadsheet, the marketing newsletter pipeline"
    for pace, intent in product(Pace, Intent):
        key = str(ResonanceKey(tone, pace, intent))
        for message in (MESSAGES[language], long):
            text = answer(message, key, mode=PromptMode.COMPACT)
            lines = text.splitlines()
            assert 1 <= len(lines) <= 3
            assert all(line.startswith("- ") for line in lines)
            assert len(text.split()) <= 80
            assert NAMED[detect_language(message)] in text


@pytest.mark.parametrize("language", [EN, KO])
def test_compact_care_keeps_the_limit_too(language: Language) -> None:
    """What is said to a person in danger fits into a compact answer."""
    for care in phrasebook(language).care:
        assert len(f"- {care.text}".split()) <= 80


READINGS = st.builds(
    Resonance.given,
    st.builds(ResonanceKey, st.sampled_from(Tone), st.sampled_from(Pace), st.sampled_from(Intent)),
    st.sampled_from((EN, KO)),
)
CONTEXTS = st.builds(
    lambda before, note: attrs.evolve(said(before), notes=(note,)),
    st.text(max_size=100),
    st.text(max_size=100),
)


@settings(max_examples=150)
@given(st.text(min_size=1, max_size=300), READINGS, CONTEXTS, st.sampled_from(PromptMode))
def test_any_text_gets_a_clean_answer(
    text: str, reading: Resonance, context: TurnContext, mode: PromptMode
) -> None:
    """Whatever Unicode comes in, the answer encodes, holds no control character, is bounded."""
    result = answer(text, reading, context=context, mode=mode)

    assert result.encode().decode() == result
    assert all(char.isprintable() or char == "\n" for char in result)
    assert len(result) < 5000


def test_a_huge_message_is_not_echoed() -> None:
    """An answer to 32,000 characters is no longer than one to a sentence may be."""
    assert len(answer("x" * 32_000)) < 5000
    assert len(answer("the budget review " * 1800)) < 5000


def test_a_turn_without_persona_is_refused_with_the_reason() -> None:
    """Called before the routing, it says which step is missing."""
    turn = Turn(TurnRequest(text="hello"))
    reading = Resonance.given(ResonanceKey.parse("calm-medium-learning"), EN)
    prompt = build_prompt(stranger(), PromptMaterial("hello", reading))

    with pytest.raises(ValueError, match="ion_route"):
        read_turn(turn, prompt)
