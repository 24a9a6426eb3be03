"""What the server is sent, what an answer costs, and which settings are taken."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import attrs
import pytest
from ion_openai_compatible.chat_request import RequestForm, chat_request
from ion_openai_compatible.served import SERVED
from ion_openai_compatible.settings import OpenAISettings

from ion_framework import Message, PluginContext, Prompt, Role, Settings
from ion_framework.clock import SystemClock
from ion_framework.domain.language import Language
from ion_framework.domain.persona import GenerationParameters
from ion_framework.errors import FailureCause, GenerationError, SettingsError
from ion_framework.ion import Ion
from ion_framework.testing import lone_source

NAME = "openai-compatible"
KEY = "sk-S3CRET"


def prompt(**changes: Any) -> Prompt:
    """A prompt with a system part and a message."""
    plain = Prompt("test", "1", "Be kind.", (), "hi", Language.ENGLISH)
    return attrs.evolve(plain, **changes)


def sent(form: RequestForm | None = None, **changes: Any) -> dict[str, Any]:
    """The document that is sent for a prompt."""
    document: dict[str, Any] = json.loads(
        chat_request("m", prompt(**changes), form or RequestForm())
    )
    return document


def roles(**changes: Any) -> list[tuple[str, str]]:
    """Who says what in it."""
    return [(message["role"], message["content"]) for message in sent(**changes)["messages"]]


def settings(**values: object) -> OpenAISettings:
    """The settings as the plugin reads them."""
    given = {"base_url": "http://127.0.0.1:8000/v1", **values}
    return OpenAISettings.read(PluginContext(NAME, "0", given, SystemClock(), Path()))


ASKED, ANSWERED = Message(Role.USER, "q"), Message(Role.ASSISTANT, "a")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, [("system", "Be kind."), ("user", "hi")]),
        ({"system": ""}, [("user", "hi")]),
        (
            {"context": "Facts."},
            [("system", "Be kind."), ("user", "Facts.\n\nhi")],
        ),
        (
            {"context": "Facts.", "history": (ASKED, ANSWERED)},
            [
                ("system", "Be kind."),
                ("user", "Facts.\n\nq"),
                ("assistant", "a"),
                ("user", "hi"),
            ],
        ),
        (
            {"history": (ANSWERED, ASKED)},
            [("system", "Be kind."), ("user", "…"), ("assistant", "a"), ("user", "q\n\nhi")],
        ),
    ],
)
def test_messages_alternate(changes: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    """System, then user and assistant in turns; the context stays on the user's side."""
    assert expected == roles(**changes)


def test_parameters_are_sent_where_they_are_set() -> None:
    """What is not set is left to the server; the field for the length has two names."""
    parameters = GenerationParameters(temperature=0.0, top_p=0.5, max_output_tokens=64)
    form = RequestForm("max_completion_tokens", ask_usage=False)
    document = sent(form, parameters=parameters)
    del document["messages"]

    assert {
        "model": "m",
        "stream": True,
        "temperature": 0.0,
        "top_p": 0.5,
        "max_completion_tokens": 64,
    } == document
    assert {"model", "messages", "stream", "stream_options"} == set(sent())


def test_any_text_can_be_sent() -> None:
    """Quotes, line ends, Korean and a lone surrogate make a document in UTF-8."""
    assert [("system", "Be kind."), ("user", '"\n한\ufffd')] == roles(user='"\n한\ud800')


@pytest.mark.parametrize("said", [(), (ANSWERED,)])
def test_a_prompt_without_a_message_is_rejected(said: tuple[Message, ...]) -> None:
    """Where nobody, or the model itself, would have the last word, nothing is sent."""
    with pytest.raises(GenerationError) as caught:
        sent(user=" \n", history=said)

    assert (FailureCause.REJECTED, 0) == (caught.value.cause, caught.value.tries)


def test_the_identity_in_cache_keys_tells_models_and_servers_apart() -> None:
    """Model and address make different identities, and nothing else does."""
    elsewhere = "https://llm.example.org/v1"
    made = {
        settings(**values).cache_identity
        for values in ({}, {"model": "m"}, {"base_url": elsewhere}, {"api_key": KEY}, {"tries": 1})
    }

    assert 3 == len(made)


def test_an_answer_is_whole_before_it_counts_as_cut_off() -> None:
    """What is awaited after the end is a quarter of a second, and less than a silence may last."""
    quick = {"next_token_s": 0.1, "first_token_s": 5.0, "connect_s": 1.0}

    assert 0.25 == settings().quiet_s
    assert 0.05 == settings(**quick).quiet_s


def test_models_are_asked_in_order() -> None:
    """The model goes first, or the one that is served, then the fallback models."""
    assert ("a", "b", "c") == settings(model="a", fallback_models=("b", "c")).models
    assert (SERVED,) == settings().models


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"base_url": "http://u:S3CRET@h/v1"}, "base_url: it holds a user name or password"),
        ({"base_url": "h"}, "base_url: it begins with neither"),
        ({"api_key": "S3CRET\r\nX-Evil: 1"}, "api_key: must be visible ASCII characters alone"),
        ({"model": "two words"}, "model: a model's id has 1 to 256 characters"),
        ({"fallback_models": ("ok", "")}, "fallback_models: a model's id has 1 to 256"),
        ({"prices": ("m 1",)}, "prices: 'm 1' must be a model and two"),
    ],
)
def test_bad_settings_are_named(values: dict[str, object], words: str) -> None:
    """The error names plugin and key, says what is valid, and shows no secret."""
    with pytest.raises(SettingsError, match=rf"plugin.{NAME}.{words}") as caught:
        settings(**values)

    assert "S3CRET" not in str(caught.value)


def test_settings_that_contradict_each_other_are_named() -> None:
    """What the values say together is refused with both keys and the plugin's name."""
    words = rf"connect_s \(9\) must not be more than first_token_s \(3\).*@ plugin.{NAME}"
    with pytest.raises(SettingsError, match=words):
        settings(connect_s=9.0, first_token_s=3.0)


def test_every_problem_is_told_at_once() -> None:
    """Several mistakes make one error that lists them all."""
    with pytest.raises(SettingsError) as caught:
        settings(base_url="h", model="a b", prices=("m", "n"))

    assert 4 == str(caught.value).count(f"plugin.{NAME}.")


def test_settings_do_not_show_the_key() -> None:
    """No representation of the settings holds the key."""
    assert KEY not in repr(settings(api_key=KEY))


def test_the_settings_class_and_the_manifest_agree() -> None:
    """Both have the same keys, and where both have a default it is the same."""
    environ = {"ION_OPENAI_BASE_URL": "http://127.0.0.1:8000/v1"}
    ion = Ion(Settings(), source=lone_source(NAME), environ=environ)
    manifest = ion.host.record(NAME).manifest

    assert manifest is not None
    fields = {field.name: field for field in attrs.fields(OpenAISettings)}
    assert set(fields) == set(manifest.settings)
    for key, spec in manifest.settings.items():
        if spec.default is not None:
            assert spec.default == fields[key].default, key
