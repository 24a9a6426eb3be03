"""What personas say of themselves, and how far a text is about it."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from ion_framework.domain.language import Language
from ion_framework.domain.persona import Example
from ion_framework.ensemble.claims import Claims
from ion_framework.ensemble.terms import terms_of, words_of
from ion_framework.testing import make_persona

ENGLISH, KOREAN = Language.ENGLISH, Language.KOREAN


def persona(name, **said):
    """A persona that says only this of itself."""
    empty = {"traits": {}, "strengths": {}, "keywords": {}, "examples": ()}
    return make_persona(name, **{**empty, **said})


def test_english_forms_are_one_term():
    """Plurals and verb forms of an English word are one term, and common words are none."""
    assert terms_of("planning") == terms_of("plans") == terms_of("planned")
    assert terms_of("what is the and of it") == {}


def test_korean_forms_share_a_term():
    """A Korean word shares its root's term whatever particle or ending follows."""
    root = set(terms_of("분석"))

    assert root <= set(terms_of("분석을"))
    assert root <= set(terms_of("분석해서"))


def test_terms_know_their_word():
    """For each term the word of the text is known."""
    assert words_of("설계하면 좋을까요")["설계"] == "설계하면"


def test_keywords_strengths_and_examples_count():
    """A keyword says more than a strength, and a strength more than an example."""
    claims = Claims(
        [
            persona("a", keywords={ENGLISH: ("gardening",)}),
            persona("b", strengths={ENGLISH: ("pottery",)}),
            persona("c", examples=(Example("My telescope broke", "Oh.", ENGLISH),)),
            persona("d"),
        ]
    )

    found = claims.of("gardening, pottery and a telescope")

    strengths = [found[name].strength for name in "abcd"]
    assert strengths == sorted(strengths, reverse=True)
    assert strengths[2] > strengths[3] == 0
    assert found["a"].words == ("gardening",)


def test_what_all_say_tells_nobody_apart():
    """A term that several personas use counts for each of them by its share."""
    alone = Claims([persona("a", strengths={ENGLISH: ("testing",)})]).of("testing")["a"]
    shared = Claims([persona(name, strengths={ENGLISH: ("testing",)}) for name in "ab"])

    assert shared.of("testing")["a"].strength < alone.strength


@given(st.text(max_size=200))
def test_claims_are_shares(text):
    """A claim is 0 or more and less than 1, whatever the text."""
    found = Claims([persona("a", keywords={ENGLISH: ("data",), KOREAN: ("데이터",)})]).of(text)["a"]

    assert Decimal(0) <= found.strength < 1
