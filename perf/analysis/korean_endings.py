"""The last sentence of a Korean message in another register: 합니다, 해요 or plain (반말).

Only endings whose three forms are certain from their letters are rewritten: ``했어`` has them,
``먹어`` would need to know the verb. Messages with another ending have no variant.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from random import Random

from perf.analysis.korean import final_of

FAMILIES: tuple[tuple[str, str, str], ...] = (
    # formal, polite, plain; statements first, then questions, requests and the rest
    ("합니다", "해요", "해"),
    ("됩니다", "돼요", "돼"),
    ("싶습니다", "싶어요", "싶어"),
    ("같습니다", "같아요", "같아"),
    ("않습니다", "않아요", "않아"),
    ("없습니다", "없어요", "없어"),
    ("좋습니다", "좋아요", "좋아"),
    ("많습니다", "많아요", "많아"),
    ("모릅니다", "몰라요", "몰라"),
    ("합니까", "하나요", "하나"),
    ("됩니까", "되나요", "되나"),
    ("없습니까", "없나요", "없니"),
    ("입니까", "인가요", "인가"),
    ("십니까", "시나요", "시니"),
    ("주십시오", "주세요", "줘"),
    ("하십시오", "하세요", "해"),
    ("힘내십시오", "힘내세요", "힘내"),
    ("겁니다", "거예요", "거야"),
    ("거든요", "거든요", "거든"),
    ("는데요", "는데요", "는데"),
    ("인데요", "인데요", "인데"),
    ("한데요", "한데요", "한데"),
    ("네요", "네요", "네"),
    ("군요", "군요", "군"),
    ("잖아요", "잖아요", "잖아"),
    ("게요", "게요", "게"),
    ("는지요", "는지요", "는지"),
    ("지요", "죠", "지"),
)
"""Endings in three registers; where Korean has no formal one of its own, the polite one stands."""

PAST = ("습니다", "어요", "어")
"""After a syllable that ends in ㅆ (했, 있, 겠): all three forms of any verb."""

PAST_QUESTION = ("습니까", "나요", "니")
PAST_WONDERING = ("습니까", "나요", "나")

WONDERING = ("까요", "까요", "까")
"""After a syllable that ends in ㄹ: 할까, 먹을까."""

NOUN_OPEN = ("입니다", "예요", "야")
"""After a noun that ends in a vowel."""

NOUN_CLOSED = ("입니다", "이에요", "이야")
"""After a noun that ends in a consonant."""

_SS, _L = 20, 8
_END = re.compile(r"(?P<stem>.*?)(?P<tail>[\s.!?~…ㅋㅎㅠㅜ^]*)$", re.DOTALL)
_NOUNS = ("올해", "이해", "오해", "피해", "손해", "방해", "새해", "동네", "우리네", "어제")
_ONLY_TO_PLAIN = ("예요", "게요", "네요", "군요", "죠")
"""Their plain forms end nouns as well (야, 게, 지), so they are not made polite again."""


def other_politeness(text: str, random: Random) -> str | None:
    """The message with the last sentence in another register; None where no rule is certain.

    Args:
        text: the message.
        random: chooses among the other registers.
    """
    found = _END.fullmatch(text)
    if found is None or found["stem"].endswith(_NOUNS):
        return None
    stem, tail = found["stem"], found["tail"]
    for start, forms, index in _matches(stem):
        others = sorted({form for form in forms if form != forms[index]})
        if others:
            chosen = random.choice(others)
            if "?" in tail and chosen.endswith("니다"):
                chosen = f"{chosen[:-1]}까"  # only the formal register asks with another ending
            return stem[:start] + chosen + tail
    return None


def _matches(stem: str) -> list[tuple[int, tuple[str, str, str], int]]:
    """Where an ending begins, its three forms and which of them it is; the longest first."""
    known = [(forms, lambda _: True) for forms in FAMILIES]
    found = [
        (len(stem) - len(form), forms, index)
        for forms, allowed in (*_AFTER, *known)
        for index, form in enumerate(forms)
        if stem.endswith(form)
        and allowed(stem[: -len(form)])
        and not (index == _PLAIN and forms[1] in _ONLY_TO_PLAIN)
    ]
    return sorted(found, key=lambda match: match[0])


_PLAIN = 2


def _after(*finals: int) -> Callable[[str], bool]:
    """Whether a text ends in a syllable with one of these final consonants."""

    def ends(before: str) -> bool:
        return "가" <= before[-1:] <= "힣" and final_of(before[-1]) in finals

    return ends


_AFTER: tuple[tuple[tuple[str, str, str], Callable[[str], bool]], ...] = (
    (PAST, _after(_SS)),
    (PAST_QUESTION, _after(_SS)),
    (PAST_WONDERING, _after(_SS)),
    (WONDERING, _after(_L)),
    (NOUN_OPEN, _after(0)),
    (NOUN_CLOSED, _after(*range(1, 28))),
)
"""Endings that are certain after some final consonants only; 0 is none."""
