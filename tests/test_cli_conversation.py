"""What ``ion chat`` remembers of a conversation, and its texts."""

from __future__ import annotations

import attrs

from ion_framework.cli.chat_texts import TEXTS, ChatTexts
from ion_framework.cli.conversation import Conversation
from ion_framework.domain.conversation import Role
from ion_framework.domain.language import Language
from ion_framework.pipeline.reply import Reply
from ion_framework.pipeline.turn import TurnRequest
from ion_framework.testing import running_ion


async def _reply(text: str) -> Reply:
    async with running_ion() as ion:
        return await ion.respond(TurnRequest(text=text))


async def test_recent_messages_are_kept_and_older_ones_summarised() -> None:
    """What no longer fits the history goes into the running summary, nothing twice."""
    reply = await _reply("one")
    conversation = Conversation(recent=3)
    for text in ("first", "second"):
        conversation.add(text, attrs.evolve(reply, content=f"{text} answered"))

    request = conversation.request("third")

    assert ("first answered", "second", "second answered") == tuple(
        m.content for m in request.history
    )
    assert [Role.ASSISTANT, Role.USER, Role.ASSISTANT] == [m.role for m in request.history]
    assert ("sage", None, "sage") == tuple(m.persona for m in request.history)
    assert "- U: first" == request.summary


async def test_conversation_without_recent_messages_has_all_in_the_summary() -> None:
    """A limit of no messages leaves the summary alone to tell what was said."""
    conversation = Conversation(recent=0)
    conversation.add("hello", attrs.evolve(await _reply("hello"), content="hi"))

    request = conversation.request("more")

    assert ((), "- U: hello\n- A: hi") == (request.history, request.summary)


def test_every_text_exists_in_both_languages_with_the_same_names() -> None:
    """The Korean and the English text of a message fill in the same values."""
    for field in attrs.fields(ChatTexts):
        english, korean = (getattr(TEXTS[language], field.name) for language in Language)
        assert english
        assert korean
        for name in ("{names}", "{name}", "{name!r}", "{reason}"):
            assert (name in english) is (name in korean), field.name
