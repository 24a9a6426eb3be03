"""The variants of messages, and the shares that they make."""

from collections import Counter
from random import Random

import pytest

from ion_framework.domain.language import Language
from perf.analysis import english, korean
from perf.analysis.korean_endings import other_politeness
from perf.analysis.robustness import Changed, summarize
from perf.analysis.variants import Kind, variants

ENGLISH = "I can't see why the upload fails. Could you have a look?"
KOREAN = "왜 업로드가 안 되는지 모르겠어요. 한번 봐 주세요"


def every(change, text: str) -> set[str | None]:
    """Everything that a rule makes of a text, over many seeds."""
    return {change(text, Random(seed)) for seed in range(300)}  # noqa: S311  no secret


@pytest.mark.parametrize(
    ("text", "language"), [(ENGLISH, Language.ENGLISH), (KOREAN, Language.KOREAN)]
)
def test_a_message_has_a_variant_of_every_kind(text: str, language: Language):
    """Every kind changes the message, and a seed always makes the same variants."""
    made = variants(text, language, 1)

    assert set(Kind) == set(made)
    assert text not in made.values()
    assert made == variants(text, language, 1)
    assert len({tuple(variants(text, language, seed).items()) for seed in range(9)}) > 1


def test_greeting_and_emoji_keep_the_message():
    """A greeting stands before the unchanged message, an emoji after it."""
    made = variants(ENGLISH, Language.ENGLISH, 3)

    assert made[Kind.GREETING].removesuffix(f" {ENGLISH}") in english.GREETINGS
    assert made[Kind.EMOJI] in {f"{ENGLISH} 🙂", f"{ENGLISH} 🙏"}


def test_an_english_typo_swaps_two_inner_letters():
    """A typo swaps neighbours inside a word and leaves its first and last letter alone."""
    assert {"a gerat day", "a graet day"} == every(english.typo, "a great day")
    assert {None} == every(english.typo, "oh no")


def test_english_politeness_by_rule():
    """Thanks and please come and go, and contractions are written in full."""
    assert {"ok, thanks"} == every(english.other_politeness, "ok")
    assert {"Could you please help?", "Could you help? Thanks."} == every(
        english.other_politeness, "Could you help?"
    )
    assert {"Tell me.", "Please tell me. Thanks."} == every(
        english.other_politeness, "Please tell me."
    )
    assert {"I'm lost. Thanks.", "I am lost."} == every(english.other_politeness, "I'm lost.")
    assert {"Don't you see? Thanks."} == every(english.other_politeness, "Don't you see?")


def test_a_korean_typo_is_a_missing_space_or_the_next_key():
    """A Korean typo leaves out a space, or a neighbouring key replaces one letter."""
    slips = {"마 가", "아 가", "너 가", "니 가", "나 다", "나 사", "나 거", "나 기"}

    assert {"나가", *slips} == every(korean.typo, "나 가")
    assert {None} == every(korean.typo, "ok go")


def test_slips_stay_on_the_keyboard():
    """A slip keeps the final consonant and replaces first consonant or vowel by a neighbour."""
    assert ("만", "안", "넌", "닌") == korean.slips_of("난")
    assert ("꺼", "끼") == korean.slips_of("까")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("안 됩니다.", {"안 돼요.", "안 돼."}),
        ("어제 갔어요!", {"어제 갔습니다!", "어제 갔어!"}),
        ("시간 있어?", {"시간 있습니까?", "시간 있어요?"}),
        ("방법을 알려줘ㅠㅠ", {"방법을 알려주십시오ㅠㅠ", "방법을 알려주세요ㅠㅠ"}),
        ("회의입니다", {"회의예요", "회의야"}),
        ("내일입니다", {"내일이에요", "내일이야"}),
        ("그럴까?", {"그럴까요?"}),
        ("올해", {None}),
        ("맛있게 먹어", {None}),
        ("", {None}),
    ],
)
def test_korean_politeness_by_rule(text: str, expected: set[str | None]):
    """The ending moves to another register where its letters allow only one form of each."""
    assert expected == every(other_politeness, text)


def changed(message: int, kind: Kind, *, persona: bool) -> Changed:
    """An English variant whose tone changes with its persona."""
    return Changed(message, Language.ENGLISH, kind, persona, tone=persona, intent=False)


def test_shares_by_hand():
    """Shares count variants per kind and together, and messages under ``any``."""
    found = {
        (one.part, one.kind): one
        for one in summarize(
            [
                changed(0, Kind.TYPO, persona=True),
                changed(0, Kind.EMOJI, persona=False),
                changed(1, Kind.TYPO, persona=False),
                changed(1, Kind.EMOJI, persona=False),
            ]
        )
    }

    shares = {kind: one.persona for (part, kind), one in found.items() if part == "en"}
    assert {"all": 0.25, "any": 0.5, "typo": 0.5, "emoji": 0.0} == shares
    assert (4, 2, 2) == tuple(found["all", kind].variants for kind in ("all", "any", "typo"))
    assert 0.0 == found["all", "all"].intent
    assert Counter({"all": 4, "en": 4}) == Counter(part for part, _ in found)
