"""What a user might ask next: whole sentences, about something in the user's own words."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest

from ion_framework.conversations.memory.phrases import LONGEST_PHRASE, phrase_of
from ion_framework.conversations.memory.topics import Said, topics_of
from ion_framework.conversations.suggestions import next_suggestion
from ion_framework.domain.key import Intent, ResonanceKey
from ion_framework.domain.language import Language

PHRASES = (
    ("en", "The build fails again", "the build"),
    ("en", "Fix the build fail", "the build"),
    ("en", "I want to define milestones for the release", "the release"),
    ("en", "How do I keep my new job?", "my new job"),
    ("en", "Our team argues about the release plan", "our team"),
    ("en", "How do I tune the Redis cache?", "the Redis cache"),
    ("en", "My unit tests are red", "my unit tests"),
    ("en", "I need a plan for the data migration", "the plan"),
    ("en", "my code don't work", "my code"),
    ("en", "now plan the launch", "the launch"),
    ("ko", "빌드가 자꾸 실패해서 너무 짜증나요", "빌드"),
    ("ko", "Redis 캐시를 어떻게 튜닝하나요?", "Redis 캐시"),
    ("ko", "Redis가 느려요", "Redis"),
    ("ko", "떨리는 마음을 진정하고 싶어요", "마음"),
    ("ko", "데이터베이스의 색인을 만들고 싶어요", "데이터베이스"),
    # Nothing that could be taken up for sure.
    ("en", "define milestones", ""),
    ("en", "plan", ""),
    ("en", "build fail", ""),
    ("en", "now plan", ""),
    ("en", "The milk spoils and friends argue", ""),
    ("en", "Thanks, that helped", ""),
    ("en", "Can I trust this?", ""),
    ("en", "빌드가 실패해요", ""),
    ("ko", "이거 진짜 답답해요! 왜 또 안 되는 거죠?", ""),
    ("ko", "지금 바로 되는 방법 있나요", ""),
    ("ko", "고마워요, 이제 됐어요", ""),
    ("ko", "my build fails", ""),
    ("ko", "", ""),
)


def about(language, *messages):
    """The phrase of messages, the latest first, with their own topics."""
    said = [Said(text, by_user=True, age=age) for age, text in enumerate(messages)]
    return phrase_of(messages, topics_of(said), Language(language))


@pytest.mark.parametrize(("language", "message", "expected"), PHRASES)
def test_a_phrase_is_the_users_own(language, message, expected):
    """A noun phrase is taken as the user wrote it, and where none is sure there is none."""
    assert about(language, message) == expected


def test_an_earlier_message_is_taken_up_where_the_latest_has_nothing():
    """A message without a phrase leaves the one before to be taken up, a long one is left out."""
    assert about("en", "Thanks, that helped", "How do I tune the Redis cache?") == "the Redis cache"
    assert about("ko", "고마워요", "Redis 캐시를 어떻게 튜닝하나요?") == "Redis 캐시"
    assert len(about("en", f"Explain the {'x' * 60} please")) <= LONGEST_PHRASE


def key(intent, tone="calm"):
    """A reading of a message."""
    return ResonanceKey.parse(f"{tone}-medium-{intent}")


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("intent", Intent)
@pytest.mark.parametrize("tone", ["calm", "frustrated"])
def test_two_turns_in_a_row_do_not_suggest_the_same(language, intent, tone):
    """Suggestions change from turn to turn, also where something can be taken up only at times."""
    phrases = {Language.ENGLISH: "my build", Language.KOREAN: "빌드"}
    lines = [
        next_suggestion(key(intent, tone), phrase, number, language)
        for number in range(1, 13)
        for phrase in (phrases[language] if number % 4 else "",)
    ]
    assert all(first != second for first, second in pairwise(lines))
    assert all(re.search(r"[?]$", line) and not set("{}") & set(line) for line in lines)
    assert len(set(lines)) >= 3


def test_a_suggestion_follows_intent_and_tone():
    """The suggestion fits the intent, and a strained tone is met with the next small step."""
    plan = next_suggestion(key("planning"), "my release", 1, Language.ENGLISH)
    assert plan == "What is the first step for my release, and when is it done?"
    assert next_suggestion(key("learning"), "my release", 1, Language.ENGLISH) != plan
    upset = next_suggestion(key("planning", "frustrated"), "배포", 1, Language.KOREAN)
    assert upset == "지금 바로 배포에 대해 할 수 있는 가장 작은 일은 무엇인가요?"


@pytest.mark.parametrize(
    ("intent", "number", "noun", "beginning"),
    [
        ("planning", 1, "일정", "일정을 위한"),
        ("planning", 1, "배포", "배포를 위한"),
        ("planning", 3, "일정", "일정이 뜻대로"),
        ("planning", 3, "배포", "배포가 뜻대로"),
        ("learning", 2, "일정", "일정은 사람들이"),
        ("learning", 2, "배포", "배포는 사람들이"),
        ("validation", 2, "일정", "일정과 관련해"),
        ("validation", 2, "Redis", "Redis와 관련해"),
        ("validation", 2, "Gmail", "Gmail과 관련해"),
    ],
)
def test_korean_particles_agree_with_the_final_consonant(intent, number, noun, beginning):
    """은/는, 이/가, 을/를 and 과/와 follow the sound in which the noun ends."""
    line = next_suggestion(key(intent), noun, number, Language.KOREAN)
    assert line.startswith(beginning)
