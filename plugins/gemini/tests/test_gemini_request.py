"""What the service is asked, as it arrives there."""

import attrs
import pytest
from ion_gemini.settings import GeminiSettings

from ion_framework.domain.conversation import Message, Role
from ion_framework.domain.persona import GenerationParameters
from ion_framework.errors import GenerationError
from ion_framework.testing.model_servers.faults import Answer

MADE_UP = Answer(("{user}",))


async def test_instructions_and_texts_have_their_places(service, make_prompt):
    """The system text is the instruction; context, history and message are contents by role."""
    history = (Message(Role.USER, "before"), Message(Role.ASSISTANT, "an answer"))
    prompt = make_prompt("now", context="known facts", history=history)
    async with service(MADE_UP) as asked:
        await asked.ask(prompt)
        body = asked.fake.requests[0].body

    assert body["systemInstruction"]["parts"] == [{"text": prompt.system}]
    assert body["contents"] == [
        {"role": "user", "parts": [{"text": "known facts"}, {"text": "before"}]},
        {"role": "model", "parts": [{"text": "an answer"}]},
        {"role": "user", "parts": [{"text": "now"}]},
    ]
    assert "tools" not in body


async def test_a_prompt_is_sent_as_its_dialogue(service, make_prompt):
    """Roles take turns, a user begins, blank texts are left out and lone surrogates marked."""
    history = (
        Message(Role.ASSISTANT, "a"),
        Message(Role.ASSISTANT, "  "),
        Message(Role.USER, "two"),
    )
    async with service(MADE_UP) as asked:
        await asked.ask(make_prompt("thr\ud800ee", history=history))
        contents = asked.fake.requests[0].body["contents"]

    assert contents == [
        {"role": "user", "parts": [{"text": "…"}]},
        {"role": "model", "parts": [{"text": "a"}]},
        {"role": "user", "parts": [{"text": "two"}, {"text": "thr\ufffdee"}]},
    ]


async def test_a_prompt_without_a_message_is_rejected_unasked(service, make_prompt):
    """Where the model would have to answer its own words nobody is asked."""
    prompt = make_prompt("x", user=" ", history=(Message(Role.ASSISTANT, "an answer"),))
    async with service(MADE_UP) as asked:
        with pytest.raises(GenerationError) as caught:
            await asked.ask(prompt)
        assert not asked.fake.requests

    assert caught.value.cause == "rejected"


async def test_the_prefix_of_a_personas_prompts_is_stable(service, make_prompt):
    """Two messages to one persona share the instruction up to how each message reads."""
    async with service(MADE_UP) as asked:
        for text, key in (("one", "calm-medium-learning"), ("two", "urgent-burst-planning")):
            system = make_prompt(text).system.replace("calm-medium-learning", key)
            await asked.ask(make_prompt(text, system=system))
        first, second = (
            request.body["systemInstruction"]["parts"][0]["text"] for request in asked.fake.requests
        )
    stable = first.split("How this message reads")[0]

    assert stable.startswith("You are Sage.")
    assert second.startswith(stable)


async def test_parameters_are_passed_on(service, make_prompt):
    """Temperature, nucleus and length go into the request, and what is None stays out."""
    asked_for = GenerationParameters(temperature=0.2, max_output_tokens=64)
    async with service(MADE_UP) as asked:
        await asked.ask(make_prompt(parameters=asked_for))
        await asked.ask(make_prompt(parameters=GenerationParameters(top_p=0.5)))
        first, second = (request.body.get("generationConfig") for request in asked.fake.requests)

    assert first == {"temperature": 0.2, "maxOutputTokens": 64}
    assert second == {"topP": 0.5}


async def test_safety_and_thinking_are_as_set(service):
    """The threshold goes with four harms, and the budget with the configuration of thinking."""
    async with service(MADE_UP, safety_threshold="BLOCK_ONLY_HIGH", thinking_budget=0) as asked:
        await asked.ask()
        body = asked.fake.requests[0].body

    assert {item["threshold"] for item in body["safetySettings"]} == {"BLOCK_ONLY_HIGH"}
    assert len({item["category"] for item in body["safetySettings"]}) == 4
    thinking = body["generationConfig"]["thinkingConfig"]
    assert list(thinking.values()) == [0]


async def test_a_level_of_thinking_is_passed_on(service):
    """A level of thinking goes in the service's spelling."""
    async with service(MADE_UP, thinking_level="low") as asked:
        await asked.ask()
        thinking = asked.fake.requests[0].body["generationConfig"]["thinkingConfig"]

    assert list(thinking.values()) == ["LOW"]


@pytest.mark.parametrize(
    ("stream", "method"), [(True, "streamGenerateContent"), (False, "generateContent")]
)
async def test_an_answer_is_streamed_or_whole(service, stream, method):
    """The setting decides which method is asked; the text and the end are the same."""
    async with service(stream=stream) as asked:
        text, finish = await asked.ask()
        path = asked.fake.requests[0].path

    assert path == f"/v1/models/gemini-test-1:{method}"
    assert (text, finish.reason, finish.tries) == ("Hello from the fake.", "stop", 1)


def test_settings_of_requests_are_frozen():
    """Nobody changes the settings of a plugin while it runs."""
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        GeminiSettings(model="m").model = "n"
