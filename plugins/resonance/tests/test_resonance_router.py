"""The router against the four figures of the domain, and the plugin that holds it."""

from __future__ import annotations

from decimal import Decimal

import attrs
import pytest
from ion_resonance.plugin import ResonancePlugin
from ion_resonance.router import Router

from ion_framework import Affinities, Intent, Language, Pace, Persona, Tone, Turn, TurnRequest
from ion_framework.domain.key import ALL_KEYS
from ion_framework.domain.persona import PersonaPrompts
from ion_framework.domain.routing import decide

TONES = (
    Tone.FRUSTRATED, Tone.PLAYFUL, Tone.ANXIOUS, Tone.ANALYTICAL, Tone.CALM, Tone.CURIOUS,
    Tone.URGENT, Tone.CONFUSED, Tone.COLLABORATIVE,
)  # fmt: skip
PACES = (Pace.BURST, Pace.FLOWING, Pace.CONTEMPLATIVE, Pace.MEDIUM)
INTENTS = (
    Intent.SEEK_ADVICE, Intent.PROBLEM_SOLVING, Intent.LEARNING, Intent.VALIDATION,
    Intent.PLANNING, Intent.REFLECTION,
)  # fmt: skip


def persona(name: str, rank: int, tones: str, paces: str, intents: str) -> Persona:
    """A persona with affinities in tenths, in the order of the domain."""

    def tenths(values, figures):
        return {
            value: Decimal(figure) / 10
            for value, figure in zip(values, figures.split(), strict=True)
        }

    texts = {Language.ENGLISH: name}
    return Persona(
        name=name,
        version="1",
        display_name=texts,
        description=texts,
        traits={},
        strengths={},
        affinities=Affinities(tenths(TONES, tones), tenths(PACES, paces), tenths(INTENTS, intents)),
        prompts=PersonaPrompts(texts),
        rank=rank,
    )


LUA = persona("lua", 10, "10 10 10 3 6 7 5 8 6", "10 10 9 8", "10 7 6 8 5 10")
ELRO = persona("elro", 20, "4 3 5 10 10 10 8 6 5", "4 8 7 10", "6 10 10 7 8 4")
RIRI = persona("riri", 30, "6 4 6 10 10 9 6 7 7", "5 9 10 10", "7 9 9 10 9 7")
NANA = persona("nana", 40, "5 7 7 5 7 8 10 10 10", "6 9 8 10", "8 8 7 9 10 6")
FOUR = (LUA, ELRO, RIRI, NANA)


def answered_by(text: str) -> str:
    """The persona that the plugin lets answer a message."""
    plugin = ResonancePlugin("resonance")
    turn = Turn(TurnRequest(text=text))
    turn = attrs.evolve(turn, resonance=plugin.ion_analyze(turn=turn))
    return plugin.ion_route(turn=turn, personas=FOUR).primary


@pytest.mark.parametrize(
    ("text", "personas"),
    [
        ("이거 진짜 답답해요! 왜 안 되는 거죠?", {"lua"}),
        ("Compare the two query plans and isolate the cause of the latency", {"elro", "riri"}),
        ("지금 결제 서버 죽었어요 당장 롤백 방법 알려 주세요", {"nana"}),
        ("I've been at this for hours and nothing works, I'm so fed up!", {"lua"}),
        ("내일 첫 발표인데 너무 떨려요 ㅠㅠ 조언 좀 해 주세요", {"lua"}),
        ("Is this index definition correct? Please verify my reasoning.", {"riri", "elro"}),
        ("해시 테이블은 어떤 원리로 동작하나요?", {"elro", "riri"}),
        ("우리 팀이랑 다음 분기 로드맵을 같이 세워 봐요.", {"nana"}),
        ("Let's plan the sprint together with my team.", {"nana"}),
        ("ㅋㅋㅋ 제 코드가 또 저를 배신했어요", {"lua"}),
    ],
)
def test_a_message_reaches_the_persona_that_fits(text, personas):
    """Reading and routing together choose the persona that a person would choose."""
    assert answered_by(text) in personas


def test_every_decision_is_that_of_the_formula():
    """Looking up equals computing for all 216 keys, under the plugin's name."""
    router = Router("resonance")

    assert [attrs.evolve(decide(key, FOUR), router="resonance") for key in ALL_KEYS] == [
        router.route(key, FOUR) for key in ALL_KEYS
    ]


def test_the_table_is_computed_once_for_equal_personas():
    """An equal tuple of personas is answered from the same table."""
    router = Router("resonance")
    first = router.route(ALL_KEYS[0], FOUR)

    assert first is router.route(ALL_KEYS[0], (LUA, ELRO, RIRI, NANA))


def test_other_personas_make_another_table():
    """A persona that leaves is no longer chosen."""
    router = Router("resonance")
    router.route(ALL_KEYS[0], FOUR)

    assert router.route(ALL_KEYS[0], (NANA,)).primary == "nana"


def test_without_personas_the_router_leaves_the_decision_to_others():
    """No persona, no decision."""
    assert Router("resonance").route(ALL_KEYS[0], ()) is None


def test_without_a_reading_the_router_leaves_the_decision_to_others():
    """A turn that nobody read is not routed by this plugin."""
    assert ResonancePlugin("r").ion_route(turn=Turn(TurnRequest(text="hi")), personas=FOUR) is None
