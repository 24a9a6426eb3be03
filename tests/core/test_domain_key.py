"""Resonance keys: values, aliases, strict parsing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ion_framework.domain.key import (
    ALL_KEYS,
    Intent,
    Pace,
    ResonanceKey,
    Tone,
    parse_intent,
    parse_pace,
    parse_tone,
)
from ion_framework.errors import ResonanceKeyError


def test_there_are_216_distinct_keys():
    """9 tones, 4 paces and 6 intents make 216 distinct keys."""
    assert (9, 4, 6, 216) == (len(Tone), len(Pace), len(Intent), len(set(ALL_KEYS)))


def test_keys_are_in_declaration_order():
    """The keys run through tones first, in the order in which the domain declares its values."""
    texts = [str(key) for key in ALL_KEYS]
    assert "frustrated-burst-seek_advice" == texts[0]
    assert "frustrated-burst-problem_solving" == texts[1]
    assert "collaborative-medium-reflection" == texts[-1]


@given(st.sampled_from(ALL_KEYS))
def test_a_key_reads_back_as_it_is_written(key):
    """Parsing the text of a key gives the key."""
    assert key == ResonanceKey.parse(str(key))


@given(st.sampled_from(ALL_KEYS), st.randoms())
def test_case_and_space_do_not_matter(key, random):
    """Case and space around the components make no difference."""
    parts = str(key).split("-")
    noisy = "-".join(
        " " * random.randint(0, 2) + random.choice((str.upper, str.title, str.lower))(part) + " "
        for part in parts
    )
    assert key == ResonanceKey.parse(noisy)


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("seeking_advice", Intent.SEEK_ADVICE),
        ("seek-advice", Intent.SEEK_ADVICE),
        ("Seek Advice", Intent.SEEK_ADVICE),
        ("problem-solving", Intent.PROBLEM_SOLVING),
        ("plan", Intent.PLANNING),
        ("validate", Intent.VALIDATION),
    ],
)
def test_intents_have_aliases(text, intent):
    """An alias of an intent, with dash, space or underscore, is that intent, in a key as well."""
    assert intent is parse_intent(text)
    assert intent is ResonanceKey.parse(f"calm-medium-{text}").intent


def test_tones_and_paces_have_aliases():
    """The words of the older system for tones and paces are understood."""
    assert Tone.CALM is parse_tone("neutral")
    assert [Pace.BURST, Pace.CONTEMPLATIVE] == [parse_pace("fast"), parse_pace("slow")]


@pytest.mark.parametrize(
    ("text", "component"),
    [
        ("angry-burst-learning", "tone"),
        ("calm-quick-learning", "pace"),
        ("calm-medium-shopping", "intent"),
        ("calm-medium-learning-extra", "intent"),
        ("calm-medium", "key"),
        ("", "key"),
        ("--", "tone"),
        ("calm medium learning", "key"),
    ],
)
def test_an_unknown_component_is_named_with_what_is_valid(text, component):
    """What is neither a value nor an alias is an error that names component and valid values."""
    with pytest.raises(ResonanceKeyError) as caught:
        ResonanceKey.parse(text)
    assert component == caught.value.component
    valid = {"tone": Tone, "pace": Pace, "intent": Intent}.get(component)
    if valid is not None:
        assert tuple(valid) == caught.value.valid
        assert all(value in str(caught.value) for value in valid)


def test_a_huge_key_is_not_echoed_whole():
    """The error for a key of 10,000 characters shows only its beginning."""
    with pytest.raises(ResonanceKeyError) as caught:
        ResonanceKey.parse("x" * 10_000)
    assert len(str(caught.value)) < 300
