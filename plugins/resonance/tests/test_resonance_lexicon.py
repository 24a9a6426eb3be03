"""The lexicon files: what they may say, and that ours say enough."""

from __future__ import annotations

import re

import pytest
from ion_resonance.cues import Matcher
from ion_resonance.lexicon import COMMON, LexiconError, expand_finals, load, parse

from ion_framework import Intent, Tone

HEAD = 'letters = "a-z"\nspaces = "required"\n'


def lexicon(cues: str, head: str = HEAD):
    """A lexicon with one group of cues for frustrated."""
    return parse("test", f"{head}[[tone.frustrated]]\nweight = 2.0\n{cues}")


def found(cues: str, text: str, head: str = HEAD) -> list[str]:
    """What such a lexicon finds in a text."""
    return [text[cue.start : cue.end] for cue in Matcher(lexicon(cues, head)).find(text)]


@pytest.mark.parametrize("name", ["en", "ko"])
def test_each_language_has_cues_for_every_tone_and_intent(name):
    """No tone and no intent is out of reach in either language."""
    values = {(cue.component, cue.value) for cue in load(name).cues}

    for component, members in (("tone", Tone), ("intent", Intent)):
        assert {value for kind, value in values if kind == component} == set(members)


@pytest.mark.parametrize("name", ["en", "ko", COMMON])
def test_every_weight_is_positive(name):
    """Cues speak for a value; negation, not a weight, speaks against."""
    assert all(0 < cue.weight <= 4 for cue in load(name).cues)


def test_a_cue_without_stars_stands_alone():
    """A plain cue is a whole word."""
    assert found('cues = ["fun"]', "funny refund fun") == ["fun"]


def test_a_star_behind_opens_the_end_and_a_star_in_front_the_start():
    """Stems are open behind, endings in front."""
    assert found('cues = ["fun*"]', "funny refund fun") == ["fun", "fun"]
    assert found('cues = ["*fun"]', "funny refun fun") == ["fun", "fun"]
    assert found('cues = ["*fun*"]', "refund funny") == ["fun", "fun"]


def test_the_longest_cue_at_a_place_is_found():
    """A longer cue goes before a shorter one that begins like it."""
    assert found('cues = ["not", "not sure at all"]', "not sure at all") == ["not sure at all"]


def test_a_shorter_cue_is_found_where_the_longer_one_fails():
    """Where a longer cue does not stand in full, the shorter one counts."""
    assert found('cues = ["not", "not sure at all"]', "not sure at most") == ["not"]


def test_a_space_may_be_left_out_where_the_file_says_so():
    """Korean writers often leave the space out."""
    head = 'letters = "가-힣"\nspaces = "optional"\n'

    assert found('cues = ["안 돼*"]', "안돼요 안 돼요", head) == ["안돼", "안 돼"]


def test_an_apostrophe_may_be_left_out_in_a_negation():
    """Hurried writers write dont."""
    assert found('cues = ["don\'t"]', "dont don't") == ["dont", "don't"]


def test_one_cue_counts_twice_at_most():
    """Repetition does not shout without end."""
    assert found('cues = ["argh"]', "argh argh argh argh") == ["argh", "argh"]


def test_one_cue_may_speak_for_two_tones():
    """A cue listed under two tones counts for both."""
    both = parse(
        "test",
        HEAD + '[[tone.anxious]]\nweight = 1.0\ncues = ["tears"]\n'
        '[[tone.frustrated]]\nweight = 0.5\ncues = ["tears"]\n',
    )

    spoken = {(cue.value, cue.weight) for cue in Matcher(both).find("tears")}
    assert {("anxious", 1.0), ("frustrated", 0.5)} == spoken


def test_a_final_consonant_stands_for_its_syllables():
    """{ㄹ} stands for the 399 syllables that end in ㄹ."""
    expression = re.compile(expand_finals("[{ㄹ}]까"))

    assert expression.match("할까")
    assert expression.match("갈까")
    assert not expression.match("하까")
    assert len(expand_finals("{ㄹ}")) == 399


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (HEAD + "colour = 1\n", "test: unknown key 'colour'"),
        (HEAD + "[[tone.grumpy]]\nweight = 1\ncues = ['x']\n", "test: tone.grumpy: unknown value"),
        (HEAD + "[[tone.calm]]\ncues = ['x']\n", "test: tone.calm: a group has a weight"),
        (HEAD + "[[tone.calm]]\nweight = 1\nregex = ['(']\n", r"test: tone.calm: '\(' does not"),
        (HEAD + "[[tone.calm]]\nweight = 1\nregex = ['(x)']\n", "captures; write"),
        (HEAD + "[[tone.calm]]\nweight = 1\ncues = ['x', 'x']\n", "tone.calm states 'x' twice"),
        (HEAD + "[rhythm]\nsentence_end = '['\n", "test: rhythm.sentence_end"),
        (HEAD + "[negation]\nbetween = ['x']\n", "test: unknown key negation.between"),
        (HEAD + "[courtesies]\nbefore = ['x']\n", r"courtesies.before; valid are \['opening"),
    ],
)
def test_a_mistake_in_a_file_is_named_with_its_place(source, said):
    """The error says which file, which value and what is wrong."""
    with pytest.raises(LexiconError, match=said):
        parse("test", source)


def test_a_key_of_two_files_is_refused():
    """Each key of a lexicon stands in one of its files."""
    with pytest.raises(LexiconError, match="test: two files state 'letters'"):
        parse("test", HEAD, HEAD)


def test_two_spellings_of_one_cue_do_not_add_up():
    """Where one cue is a spelling of another the louder one speaks, once."""
    both = 'cues = ["doesn\'t work"]\n\n[[tone.frustrated]]\nweight = 1.0\ncues = ["does not work"]'
    hits = Matcher(lexicon(both)).find("it does not work")

    assert [(cue.value, cue.weight) for cue in hits] == [("frustrated", 2.0)]
