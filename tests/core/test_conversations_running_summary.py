"""The running summary: the model's text beside the bullets of what came after it."""

from __future__ import annotations

import asyncio
import json

import attrs
import pytest

from ion_framework import Ion, TurnRequest
from ion_framework.conversations.conversations import Start, conversations_of
from ion_framework.conversations.documents import document_of, read_document
from ion_framework.conversations.model import Conversation, Owner
from ion_framework.conversations.turning import TurnOrder
from ion_framework.plugin_host.discovery import inline
from ion_framework.settings.conversations import ConversationSettings
from ion_framework.settings.model import Settings
from ion_framework.testing import FakeGenerator, MemoryStore, make_manifest
from ion_framework.testing.builders import make_persona, persona_plugin, standard_parts
from ion_framework.testing.contracts.store.values import full_conversation, make_conversation

ANN = Owner(tenant="default", principal="ann")
LONG_MODEL_TEXT = "MODELTEXT " + "a sensible sentence of the model that is long enough. " * 11
SUBJECTS = {
    "en": "Question {}: we have to decide on topic number {} of the migration, and I would like to "
    "hear what you would weigh there first, and what you would leave for later.",
    "ko": "질문 {}: 이전 작업의 {}번째 주제를 결정해야 하는데, 무엇을 먼저 따져 보고 "
    "무엇을 나중으로 미루면 좋을지 의견을 듣고 싶어요. 지난번에 이야기한 내용도 고려해 주세요.",
}


def make_ion(store, generator):
    """An `Ion` whose prompts carry one earlier turn, with a generator that remembers them."""
    plugins = (
        inline(make_manifest("shelves", "store"), lambda _context: store),
        inline(make_manifest("voice", "generator"), lambda _context: generator),
        *standard_parts("store", "generator"),
        persona_plugin(make_persona("sage")),
    )
    settings = Settings(conversations=ConversationSettings(context_turns=1))
    return Ion(settings, source=lambda: plugins, environ={})


async def say(conversations, conversation, text, spent=None):
    """Make a turn."""
    order = TurnOrder(
        owner=ANN,
        conversation_id=conversation.id,
        request=TurnRequest(text=text),
        present=lambda _made: "{}",
    )
    return await conversations.turn(order, spent)


async def summed_up(conversations, conversation, to):
    """The conversation once the model's summary reaches a turn."""
    for _ in range(500):
        found = await conversations.get(ANN, conversation.id)
        if found.model_summary_to >= to:
            break
        await asyncio.sleep(0.02)
    assert found.model_summary_to == to
    return found


@pytest.mark.parametrize("language", ["en", "ko"])
async def test_the_models_summary_stays_while_turns_go_on(language):
    """After the model has summed up, its text is whole in every later prompt, before bullets."""
    generator, told = FakeGenerator((LONG_MODEL_TEXT,)), []

    async def spent(tokens):
        told.append(tokens)

    async with make_ion(MemoryStore(), generator) as ion:
        conversations = conversations_of(ion)
        conversation = await conversations.start(Start(owner=ANN, user_id="u"))
        for number in range(1, 6):
            text = SUBJECTS[language].format(number, number)
            await say(conversations, conversation, text, spent)
        found = await summed_up(conversations, conversation, 4)
        assert (found.summary, len(told)) == ("", 1)
        assert 300 < len(found.model_summary) <= 600
        for number in range(6, 9):
            text = SUBJECTS[language].format(number, number)
            await say(conversations, conversation, text, spent)
            prompt = generator.prompts[-1]
            found = await conversations.get(ANN, conversation.id)
            assert found.model_summary in prompt.context
            assert found.running_summary.startswith("MODELTEXT")
            assert found.summary.startswith("- U: ")
            assert len(found.summary) <= 800
            assert f"{number - 1}" in found.summary
        # Bullets hold nothing that the model has told of.
        for number in range(1, 5):
            assert SUBJECTS[language].format(number, number)[:12] not in found.summary
        await conversations.aclose()


async def test_a_next_summary_takes_over_from_the_one_before():
    """The model's next summary reaches further, and the bullets begin anew behind it."""
    async with make_ion(MemoryStore(), FakeGenerator((LONG_MODEL_TEXT,))) as ion:
        conversations = conversations_of(ion)
        conversation = await conversations.start(Start(owner=ANN, user_id="u"))
        for number in range(1, 6):
            await say(conversations, conversation, f"message {number}")
        await summed_up(conversations, conversation, 4)
        for number in range(6, 10):
            await say(conversations, conversation, f"message {number}")
        found = await summed_up(conversations, conversation, 8)
        assert "message" not in found.summary
        await say(conversations, conversation, "message 10")
        found = await conversations.get(ANN, conversation.id)
        assert "- U: message 9" in found.summary
        assert found.running_summary == f"{found.model_summary}\n{found.summary}"
        await conversations.aclose()


async def test_what_was_kept_in_the_former_form_goes_on():
    """A conversation whose one summary held the model's text and bullets is read and goes on."""
    document = document_of(make_conversation("old", owner=ANN, summary="The model.\n- U: hello"))
    for field in ("model_summary", "model_summary_to"):
        del document[field]
    old = read_document(json.loads(json.dumps(document)), Conversation)
    assert old.running_summary == "The model.\n- U: hello"
    store, generator = MemoryStore(), FakeGenerator()
    async with make_ion(store, generator) as ion:
        await store.create(attrs.evolve(old, expires_at=1e12))
        await say(conversations_of(ion), old, "What next?")
        assert "The model.\n- U: hello" in generator.prompts[-1].context


def test_the_running_summary_is_both_parts():
    """Either part may be missing, and the model's comes first."""
    full = full_conversation()
    assert full.running_summary == f"{full.model_summary}\n{full.summary}"
    assert attrs.evolve(full, model_summary="").running_summary == full.summary
    assert attrs.evolve(full, summary="").running_summary == full.model_summary


@pytest.mark.parametrize(
    ("often", "lately", "main"),
    [
        ("The Redis failover is slow", "Thanks, the weather is lovely", "failover"),
        ("장애 조치가 느려요", "고마워요, 날씨가 좋네요", "조치"),
    ],
)
async def test_closing_tells_the_topics_of_the_whole_conversation(often, lately, main):
    """A closed conversation is about what it was about, not what was said last."""
    async with make_ion(MemoryStore(), FakeGenerator(("Certainly.",))) as ion:
        conversations = conversations_of(ion)
        conversation = await conversations.start(Start(owner=ANN, user_id="u"))
        for text in (*[often] * 16, *[lately] * 14):
            await say(conversations, conversation, text)
        closed = await conversations.close_conversation(
            ANN, conversation.id, TurnRequest(text="summary")
        )
        topics = json.loads(closed.closing)["main_topics"]
        assert main in " ".join(topics[:2])
        await conversations.aclose()


@pytest.mark.parametrize(
    ("message", "wish"),
    [("My name is Bob, be brief", {"address": "Bob", "length": "short"}),
     ("제 이름은 민수예요. 짧게 답해 주세요", {"address": "민수", "length": "short"})],
)  # fmt: skip
async def test_what_the_prompt_was_told_is_told(message, wish):
    """A wish in the very first message counts at once, and what was sent says so."""
    generator = FakeGenerator()
    async with make_ion(MemoryStore(), generator) as ion:
        conversations = conversations_of(ion)
        conversation = await conversations.start(Start(owner=ANN, user_id="u"))
        kept = await say(conversations, conversation, message)
        assert kept.made is not None
        assert dict(kept.made.told.memory.preferences) == wish
        assert (kept.made.told.turns, kept.made.told.memory.topics) == (0, ())
        assert wish["address"] in generator.prompts[-1].context
