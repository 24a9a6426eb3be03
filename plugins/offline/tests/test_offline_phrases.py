"""The phrase files as data: complete, parallel in both languages, and fillable."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import attrs
import pytest
from ion_offline.fill import NAMES, fill, placeholders
from ion_offline.lexicon import english_lexicon, korean_lexicon
from ion_offline.phrasebook import phrasebook

from ion_framework.domain.josa import PAIRS
from ion_framework.domain.key import Intent, Tone
from ion_framework.domain.language import Language, detect_language

LANGUAGES = tuple(Language)


def phrases_of(value: Any) -> Iterator[str]:
    """Every phrase in a phrasebook, whatever its depth."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, bool):
        return
    elif isinstance(value, tuple):
        for item in value:
            yield from phrases_of(item)
    elif attrs.has(type(value)):
        for field in attrs.fields(type(value)):
            yield from phrases_of(getattr(value, field.name))
    else:
        yield from phrases_of(tuple(value.values()))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_phrase_can_be_filled(language: Language) -> None:
    """Phrases use known placeholders only, and particles only in Korean and only known ones."""
    pairs = PAIRS if language is Language.KOREAN else ()
    for phrase in phrases_of(phrasebook(language)):
        for name, pair in placeholders(phrase):
            assert name in NAMES, phrase
            assert not pair or pair in pairs, phrase
        filled = fill(phrase, dict.fromkeys(NAMES, "X"))
        assert not {"{", "}"} & set(filled), phrase


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_intent_and_tone_has_its_phrases(language: Language) -> None:
    """Six scaffolds with as many deeper thoughts as steps, and an opening for nine tones."""
    book = phrasebook(language)

    assert set(book.intent) == set(Intent)
    assert set(book.opening) == set(Tone)
    for scaffold in book.intent.values():
        assert len(scaffold.steps) == len(scaffold.deeper)
        assert len(scaffold.points) == 3
        assert scaffold.question
        assert scaffold.prose
        assert scaffold.lens


def test_both_languages_have_the_same_shape() -> None:
    """English and Korean offer the same number of wordings everywhere."""
    english, korean = (
        {
            intent: attrs.asdict(scaffold, value_serializer=lambda _, __, v: _shape(v))
            for intent, scaffold in phrasebook(language).intent.items()
        }
        for language in LANGUAGES
    )

    assert english == korean


def _shape(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_shape(item) for item in value]
    return "" if isinstance(value, str) else value


def test_korean_is_written_in_one_register() -> None:
    """Every Korean sentence ends politely in 해요체: none in 다, 니다 or 시오."""
    for phrase in phrases_of(phrasebook(Language.KOREAN)):
        last = phrase.rstrip(".?!’”")
        assert not last.endswith(("니다", "시오", "해라", "하라")), phrase


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_file_is_in_its_own_language(language: Language) -> None:
    """Long phrases of a file are recognised as being in that file's language."""
    for phrase in phrases_of(phrasebook(language)):
        if len(phrase) > 30:
            assert detect_language(phrase) is language, phrase


@pytest.mark.parametrize("language", LANGUAGES)
def test_notices_are_honest(language: Language) -> None:
    """Whole, short or compact, a notice names the offline generator and what to install."""
    notice = phrasebook(language).notice
    named = {Language.ENGLISH: "offline generator", Language.KOREAN: "오프라인 생성기"}[language]
    for text in (*notice.full, *notice.short, *notice.compact):
        assert named in text
        assert "ION_GEMINI_API_KEY" in text
        assert "ION_OPENAI_BASE_URL" in text
        assert {Language.ENGLISH: "install", Language.KOREAN: "설치"}[language] in text.lower()


@pytest.mark.parametrize("language", LANGUAGES)
def test_notices_of_a_stand_in_are_honest(language: Language) -> None:
    """Where a model is set up, a notice says that it did not answer and asks for no plugin."""
    notice = phrasebook(language).stand_in_notice
    named, silent = {
        Language.ENGLISH: ("offline generator", "did not answer just now"),
        Language.KOREAN: ("오프라인 생성기", "답하지 않아"),
    }[language]
    for text in (*notice.full, *notice.short, *notice.compact):
        assert named in text
        assert silent in text
        assert not any(word in text.lower() for word in ("install", "설치", "ion_gemini"))


def test_filling_reads_its_values_only_once() -> None:
    """A value that looks like a placeholder stays as it is."""
    assert fill("about {topic}", {"topic": "{name}", "name": "Lua"}) == "about {name}"


def test_the_word_lists_do_not_contradict_each_other() -> None:
    """No word is both a stop word and something that a term may consist of."""
    english, korean = english_lexicon(), korean_lexicon()

    assert english.stop & english.adjectives == frozenset()
    assert english.stop & english.lookalikes == frozenset()
    assert korean.stop & korean.single == frozenset()
