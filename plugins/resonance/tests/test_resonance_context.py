"""What stands around a cue: negation, somebody else's feeling, quotations and code."""

from __future__ import annotations

import pytest
from ion_resonance.analyzer import analyze
from ion_resonance.cues import REPORTED, find
from ion_resonance.evidence import DENIED
from ion_resonance.voice import voice_of

from ion_framework import Evidence, Tone


def cued(text: str) -> dict[str, float]:
    """What the cues of a message add up to per tone; what the model makes of it is left out."""
    sums: dict[str, float] = {}
    for cue in find(voice_of(text)):
        if cue.component == "tone":
            sums[cue.value] = sums.get(cue.value, 0.0) + cue.weight
    return sums


def weight_of(word: str, text: str) -> float:
    """How loudly the cues of a tone speak in which a word of a message stands."""
    surface = voice_of(text)
    place = surface.text.index(word)
    return sum(
        cue.weight
        for cue in find(surface)
        if cue.component == "tone" and cue.start <= place < cue.end
    )


NEGATED = (
    ("I'm not frustrated at all", Tone.FRUSTRATED),
    ("It isn't really confusing", Tone.CONFUSED),
    ("I am no longer worried", Tone.ANXIOUS),
    ("This is not very urgent", Tone.URGENT),
    ("I dont feel anxious", Tone.ANXIOUS),
    ("I used to be afraid of this", Tone.ANXIOUS),
    ("I stopped feeling nervous", Tone.ANXIOUS),
    ("That is far from urgent", Tone.URGENT),
    ("전혀 답답하지 않아요", Tone.FRUSTRATED),
    ("급하지 않아요", Tone.URGENT),
    ("이제 불안하지는 않아요", Tone.ANXIOUS),
    ("걱정은 안 해요", Tone.ANXIOUS),
    ("급한 건 아니에요", Tone.URGENT),
    ("안 급해요", Tone.URGENT),
    ("걱정 안 해요", Tone.ANXIOUS),
    ("불안할 필요 없어요", Tone.ANXIOUS),
    ("불안이 사라졌어요", Tone.ANXIOUS),
    ("짜증이 다 풀렸어요", Tone.FRUSTRATED),
)


@pytest.mark.parametrize(("text", "tone"), NEGATED)
def test_a_negated_feeling_does_not_count(text, tone):
    """A negated cue gives its tone no weight."""
    assert tone.value not in cued(text)


def test_messages_that_negate_a_feeling_are_not_read_in_it():
    """Of six messages that negate a feeling at most one is read in it by its other words."""
    wrong = [text for text, tone in NEGATED if analyze(text, source="r").tone.primary == tone]

    assert len(wrong) <= len(NEGATED) / 6, wrong


@pytest.mark.parametrize("text", ["짜증나 아니 왜 안 돼", "자꾸 안 돼요", "I can't, it's annoying"])
def test_another_clause_negates_nothing(text):
    """An interjection, a negated verb or a negation before the comma leaves the feeling alone."""
    assert "frustrated" in cued(text)


@pytest.mark.parametrize(
    ("text", "tone"),
    [
        ("답답하지 않을 수 없어요", Tone.FRUSTRATED),
        ("답답하지 않은 건 아니에요", Tone.FRUSTRATED),
        ("걱정되지 않는 건 아니에요", Tone.ANXIOUS),
        ("걱정이 안 되는 건 아니에요", Tone.ANXIOUS),
        ("걱정 안 하는 건 아닌데", Tone.ANXIOUS),
        ("걱정이 없는 건 아니에요", Tone.ANXIOUS),
        ("안 무서운 건 아니에요", Tone.ANXIOUS),
        ("불안하지 않다고는 할 수 없어요", Tone.ANXIOUS),
        ("It's not that I'm not worried", Tone.ANXIOUS),
        ("I'm not saying I'm not worried.", Tone.ANXIOUS),
        ("I can't say I'm not frustrated", Tone.FRUSTRATED),
    ],
)
def test_a_denial_that_is_denied_leaves_the_feeling(text, tone):
    """Whoever cannot help feeling something feels it, and whoever denies to be free of it too."""
    assert cued(text).get(tone.value, 0.0) > 0.0
    assert analyze(text, source="r").tone.primary == tone


@pytest.mark.parametrize("text", ["No, not worried.", "no not worried about it"])
def test_no_in_front_repeats_a_denial(text):
    """An answer that begins with no denies what follows, it does not deny the denial."""
    assert "anxious" not in cued(text)


def denials(text: str) -> dict[str, str]:
    """The feelings that a message denies, by what the evidence says of them."""
    return {
        item.cue: item.value
        for item in analyze(text, source="r").evidence
        if item.cue.startswith(f"{DENIED}: ")
    }


def test_a_denied_feeling_is_named_in_the_evidence():
    """What somebody says not to feel leaves a line of no weight, a feeling of theirs does not."""
    assert denials("I'm not frustrated, not frustrated at all") == {
        "denied: frustrat": "frustrated"
    }
    assert denials("전혀 답답하지 않아요") == {"denied: 답답": "frustrated"}
    assert denials("I'm frustrated, and my boss is furious") == {}


def test_why_not_is_no_negation():
    """A proposal that begins with why not is one."""
    assert "analytical" in cued("Why not compare them?")


@pytest.mark.parametrize(
    ("own", "told", "word"),
    [
        ("I am furious about the outage", "My boss is furious about the outage", "furious"),
        ("I'm worried about the exam", "She is worried about the exam", "worried"),
        ("I am so confused", "The customers are so confused", "confused"),
        ("it makes me nervous", "it makes them nervous", "nervous"),
        ("불안해요", "불안하대요", "불안"),
        ("제가 답답해요", "팀장님이 답답해하세요", "답답"),
        ("무서워요", "아이가 무서워하는 것 같아요", "무서"),
    ],
)
def test_a_feeling_that_is_told_of_somebody_else_counts_less(own, told, word):
    """A reported feeling keeps the stated share of its weight."""
    assert weight_of(word, told) == pytest.approx(REPORTED * weight_of(word, own))


TOLD = (
    ("My boss is furious. How do I word the report?", Tone.FRUSTRATED),
    ("Customers are panicking; write a short notice for the status page.", Tone.ANXIOUS),
    ("Our users are confused by the label. Which word is clearer?", Tone.CONFUSED),
    ("친구가 시험 때문에 불안하대요. 어떤 말을 해 주면 좋을까요?", Tone.ANXIOUS),
    ("고객이 짜증 난다고 하네요. 답장 예문을 써 주세요.", Tone.FRUSTRATED),
    ("신입이 설명서가 헷갈린대요. 어떤 예를 더 넣을까요?", Tone.CONFUSED),
)


def test_somebody_elses_feeling_is_not_the_writers():
    """Of six messages that tell of another person's feeling at most two are read in it."""
    wrong = [text for text, tone in TOLD if analyze(text, source="r").tone.primary == tone]

    assert len(wrong) <= 2, wrong


def test_someone_who_is_useless_annoys_the_writer():
    """Only words that name a feeling are taken for somebody else's."""
    assert weight_of("useless", "the docs are useless") == weight_of("useless", "he is useless")


QUOTED = (
    "the label `{}` is set on the ticket",
    'she wrote "{}" in her notes',
    "she wrote “{}” in her notes",
    "그는 '{}'라고 썼다",
    "제목은 「{}」 그대로 두었습니다",
    "```\n{}\n```",
    "we saw this\n> {}\nin the mail",
    "see https://example.org/{}",
)
INSIDE = ("so_fed_up!!!", "urgent_asap!!", "ㅠㅠ너무_답답해요", "cannot_wait_haha")


@pytest.mark.parametrize("frame", QUOTED)
@pytest.mark.parametrize("inside", INSIDE)
def test_quoted_text_and_code_do_not_count(frame, inside):
    """What stands in quotation marks, code or an address changes nothing and is no evidence."""
    text = frame.format(inside)
    reading = analyze(text, source="r")
    place = text.index(inside), text.index(inside) + len(inside)

    assert analyze(frame.format("x" * len(inside)), source="r").key == reading.key
    assert not [item for item in reading.evidence if _within(item, *place)]


def _within(item: Evidence, start: int, end: int) -> bool:
    """Whether an item of evidence is a part of a passage, without its marks."""
    return item.start is not None and item.end is not None and start <= item.start < item.end <= end


def test_words_around_a_quotation_do_count():
    """Masking a quotation leaves the writer's own words."""
    reading = analyze("'OK'라고만 뜨는데 너무 답답해요", source="r")

    assert reading.tone.primary == Tone.FRUSTRATED


def test_an_apostrophe_opens_no_quotation():
    """Contractions are not taken for quoted text."""
    reading = analyze("It's so frustrating that it won't build, isn't it?", source="r")

    assert reading.tone.primary == Tone.FRUSTRATED
