"""Answers joined into one text."""

from __future__ import annotations

from decimal import Decimal

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ion_framework.domain.routing import decide
from ion_framework.ensemble.aspects import Aspect
from ion_framework.ensemble.blocks import blocks_of, shortened
from ion_framework.ensemble.contribution import Contribution
from ion_framework.ensemble.merging import concatenate, hierarchical, weighted
from ion_framework.ensemble.notices import without_notices
from ion_framework.pipeline.chunks import FinishReason, Usage
from ion_framework.pipeline.receipt import CacheOutcome, CacheStatus, Receipt
from ion_framework.pipeline.reply import Reply
from ion_framework.testing import make_persona, make_resonance

PERSONA = make_persona()
RESONANCE = make_resonance()
DECISION = decide(RESONANCE.key, (PERSONA,))
RECEIPT = Receipt(
    "r", RESONANCE.key, {}, Decimal(0), Decimal(0), (), (), (), CacheOutcome(CacheStatus.MISS),
    (), FinishReason.STOP, Usage(), (), "p", 1.0, 1.0,
)  # fmt: skip
REPLY = Reply(
    "", "sage", RESONANCE.language, RESONANCE, DECISION, FinishReason.STOP, Usage(), "m", "g", "",
    RECEIPT,
)  # fmt: skip


def answer(name, weight, text):
    """What a persona gave."""
    aspect = Aspect(name, Decimal(weight), (), whole=True, reason="")
    reply = attrs.evolve(REPLY, content=text)
    return Contribution(aspect, name.capitalize(), f"r-{name}", 0, reply)


LIGHT = answer("light", "0.25", "First light.\n\nSecond light.\n\n" + "Third light is long. " * 9)
HEAVY = answer("heavy", "0.75", "Heavy words. " * 20)


def test_concatenate_keeps_order_and_all():
    """Concatenating gives every answer whole under its name, in the order of the steps."""
    assert concatenate((LIGHT, HEAVY)) == (
        f"**Light**\n\n{LIGHT.text}\n\n**Heavy**\n\n{HEAVY.text}"
    )


def test_hierarchical_puts_the_heaviest_first():
    """The heaviest answer comes first without a name, the others follow whole under theirs."""
    assert hierarchical((LIGHT, HEAVY)) == f"{HEAVY.text}\n\n**Light**\n\n{LIGHT.text}"


def test_weighted_orders_and_shortens():
    """By weight, the heaviest is first and whole, and a third as heavy is a third as long."""
    text = weighted((LIGHT, HEAVY))

    head, _, tail = text.partition("\n\n**Light**\n\n")
    assert head == f"**Heavy**\n\n{HEAVY.text}"
    assert len(tail) <= len(HEAVY.text) / 3 + 2
    assert tail == "First light.\n\nSecond light. …"


CODE = "Do this:\n\n```python\na = 1\n\nb = 2\n```\n\nThen look."


def test_code_is_one_block():
    """A fenced block is one block though it holds blank lines."""
    assert blocks_of(CODE) == ["Do this:", "```python\na = 1\n\nb = 2\n```", "Then look."]


@pytest.mark.parametrize(
    ("most", "short"),
    [
        (500, CODE),
        (45, "Do this:\n\n```python\na = 1\n\nb = 2\n```\n\n…"),
        (20, "Do this: …"),
        (1, "Do this: …"),
    ],
)
def test_code_is_never_cut(most, short):
    """A shortened answer holds a fenced block whole or not at all."""
    assert shortened(CODE, most) == short


def test_a_long_first_block_is_cut_at_a_sentence():
    """One long paragraph is cut at the end of a sentence, and the first one always stays."""
    text = "One is here. Two is here. Three is here."

    assert shortened(text, 26) == "One is here. Two is here. …"
    assert shortened(text, 3) == "One is here. …"


@given(st.text(alphabet="ab.\n `~", max_size=300), st.integers(0, 300))
def test_shortening_keeps_fences_closed(text, most):
    """Whatever is shortened, a fence that was closed stays closed, and a short text stays as is."""
    short = shortened(text, most)

    if len(text) <= most:
        assert short == text
    if text.count("```") % 2 == 0 and "~~~" not in text and "````" not in text:
        lines = [line for line in short.splitlines() if line.strip().startswith("```")]
        whole = [line for line in text.splitlines() if line.strip().startswith("```")]
        assert len(lines) % 2 == 0 or len(whole) % 2 == 1


NOTE = "This answer was made without a language model. {} stands in for {}, as far as words go."


def noted(name, weight, text):
    """An answer that ends with a note about itself."""
    shown = name.capitalize()
    return answer(name, weight, f"{text}\n\n{NOTE.format('A template', shown)}")


@pytest.mark.parametrize("merge", [concatenate, hierarchical, weighted])
def test_a_note_that_all_have_stands_once(merge):
    """What every answer says alike stands once, at the end, and names everybody."""
    answers = (noted("ann", "0.6", "Rest a while. " * 9), noted("bob", "0.4", "Read the log."))

    text = merge(answers)

    assert text.count("without a language model") == 1
    assert text.endswith("stands in for Ann, Bob, as far as words go.")
    assert "Rest a while." in text
    assert "Read the log." in text


def test_answers_that_are_all_alike_stay():
    """Where all say the same and nothing else, nothing is taken away."""
    same = (answer("ann", "0.5", "Yes, do it."), answer("bob", "0.5", "Yes, do it."))

    assert concatenate(same).count("Yes, do it.") == 2
    assert not without_notices(same).notice


def test_a_note_of_one_is_its_own():
    """What only one answer says stays with it."""
    found = without_notices((noted("ann", "0.5", "Rest."), answer("bob", "0.5", "Read the log.")))

    assert "language model" in found.own["ann"]
    assert not found.notice
