"""Conversations as documents, cursors of lists, and what an export holds."""

import json

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ion_framework.conversations.cursors import read_cursor, write_cursor
from ion_framework.conversations.documents import document_of, read_document, text_of
from ion_framework.conversations.model import Conversation, Feedback, Owner, StoredTurn
from ion_framework.testing.contracts.store.values import (
    ANN,
    BOB,
    NOON,
    full_conversation,
    make_conversation,
    make_feedback,
    make_stored_turn,
)

KEPT = [
    make_conversation(),
    full_conversation(),
    make_stored_turn(3, idempotency_key="키", document='{"a": 1}'),
    make_feedback(rating=None, comment="좋아요 🙂", user_id="u"),
]
texts = st.text(st.characters(codec="utf-8"), max_size=20)


@pytest.mark.parametrize("value", KEPT, ids=lambda value: type(value).__name__)
def test_what_is_written_is_read(value):
    """A document, as JSON text on one line, gives the same value back."""
    text = text_of(value)

    assert "\n" not in text
    assert value == read_document(json.loads(text), type(value))


@pytest.mark.parametrize("value", KEPT, ids=lambda value: type(value).__name__)
def test_a_document_has_every_field(value):
    """No field is missing from a document, so that a new one cannot be forgotten in a store."""
    assert [field.name for field in attrs.fields(type(value))] == list(document_of(value))


@pytest.mark.parametrize(
    ("document", "kind", "words"),
    [
        ([], Conversation, "must be an object"),
        ({}, StoredTurn, "number"),
        ({**document_of(KEPT[2]), "number": "3"}, StoredTurn, "number"),
        ({**document_of(KEPT[2]), "number": True}, StoredTurn, "number"),
        ({**document_of(KEPT[0]), "created_at": "noon"}, Conversation, "created_at"),
        ({**document_of(KEPT[0]), "colour": 3}, Conversation, "colour"),
        ({**document_of(KEPT[3]), "owner": {"tenant": "a"}}, Feedback, "principal"),
    ],
)
def test_a_document_that_describes_nothing_is_refused(document, kind, words):
    """A document with a field that is missing, unknown or of a wrong type is a ValueError."""
    with pytest.raises(ValueError, match=words):
        read_document(document, kind)


@given(texts, texts, texts, st.floats(allow_nan=False, allow_infinity=False))
def test_a_cursor_is_read_by_its_own_list(name, principal, user, at):
    """A cursor gives back the place that it names, and only to the list that it is of."""
    owner = Owner(tenant="t", principal=principal)
    cursor = write_cursor(owner, user, make_conversation(name, last_activity=at))

    assert (at, name) == read_cursor(cursor, owner, user)
    assert cursor.isascii()
    for other, of in ((owner, None), (owner, user + "x"), (BOB, user)):
        with pytest.raises(ValueError, match="cursor"):
            read_cursor(cursor, other, of)


@given(st.text(max_size=60))
def test_garbage_is_no_cursor(text):
    """Any other text is a ValueError that says what to use."""
    with pytest.raises(ValueError, match="the one of the page before"):
        read_cursor(text, ANN, None)


def test_a_cursor_in_a_changed_place_is_refused():
    """A cursor whose time is no number is refused."""
    cursor = write_cursor(ANN, None, make_conversation(last_activity=float("nan")))

    with pytest.raises(ValueError, match="cursor"):
        read_cursor(cursor, ANN, None)
    assert NOON == read_cursor(write_cursor(ANN, None, make_conversation()), ANN, None)[0]
