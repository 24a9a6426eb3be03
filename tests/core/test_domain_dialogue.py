"""A prompt as turns of a conversation."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ion_framework.domain.conversation import Message, Role
from ion_framework.domain.dialogue import CUT, DialogueTurn, dialogue_of, sendable
from ion_framework.domain.language import Language
from ion_framework.domain.prompt import Prompt
from ion_framework.errors import FailureCause, GenerationError

ASKED, ANSWERED = Message(Role.USER, "q"), Message(Role.ASSISTANT, "a")
TEXTS = st.text(st.characters(), max_size=4)
"""Any text, blank ones and lone surrogates included."""


def prompt_of(*history, user="hi", context="", system="Be kind."):
    """A prompt."""
    return Prompt("p", "1", system, tuple(history), user, Language.ENGLISH, context)


def turns_of(*history, **texts):
    """Who says what."""
    return [
        (turn.role.value, turn.texts) for turn in dialogue_of(prompt_of(*history, **texts)).turns
    ]


def test_the_context_goes_to_the_users_side():
    """Context, history and message take turns, and neighbours of one side stay apart in it."""
    assert turns_of(ASKED, ANSWERED, context="facts") == [
        ("user", ("facts", "q")),
        ("assistant", ("a",)),
        ("user", ("hi",)),
    ]


def test_blank_texts_are_left_out_and_their_neighbours_joined():
    """A message of blanks is none, so that two of one side become one turn."""
    blank = Message(Role.ASSISTANT, " \n")
    assert turns_of(ASKED, blank, system=" ") == [("user", ("q", "hi"))]
    assert dialogue_of(prompt_of(system=" \n")).system == ""


def test_a_user_begins():
    """Where the history begins with an answer a sign stands for what was cut off before it."""
    assert turns_of(ANSWERED) == [("user", (CUT,)), ("assistant", ("a",)), ("user", ("hi",))]


@pytest.mark.parametrize("history", [(), (ANSWERED,), (ASKED, ANSWERED)])
def test_without_a_users_last_word_there_is_nothing_to_answer(history):
    """A blank message after nothing, or after an answer, is rejected without a try."""
    with pytest.raises(GenerationError, match="no message to answer") as caught:
        dialogue_of(prompt_of(*history, user=" "))

    assert (caught.value.cause, caught.value.tries) == (FailureCause.REJECTED, 0)


def test_lone_surrogates_become_marks_and_pairs_characters():
    """What has no UTF-8 can be sent all the same, wherever it stands."""
    dialogue = dialogue_of(prompt_of(user="a\ud800b", system="\ud83d\ude00"))

    assert dialogue.system == "\N{GRINNING FACE}"
    assert dialogue.turns == (DialogueTurn(Role.USER, ("a\N{REPLACEMENT CHARACTER}b",)),)
    assert sendable("\ufeff한") == "\ufeff한"
    assert sendable("\ufeff\udfff") == "\ufeff\ufffd"


@given(st.lists(st.builds(Message, st.sampled_from(Role), TEXTS), max_size=5), TEXTS, TEXTS, TEXTS)
def test_every_dialogue_can_be_sent(history, user, context, system):
    """A message that is not blank can be sent, in turns of which a user has the first and last."""
    prompt = prompt_of(*history, user=f"{user}?", context=context, system=system)
    dialogue = dialogue_of(prompt)
    roles = [turn.role for turn in dialogue.turns]

    assert roles == [Role.USER, Role.ASSISTANT] * (len(roles) // 2) + [Role.USER]
    for text in (dialogue.system, *(text for turn in dialogue.turns for text in turn.texts)):
        text.encode()
    assert all(text.strip() for turn in dialogue.turns for text in turn.texts)
