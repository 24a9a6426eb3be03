"""What ``POST /v1/chat/completions`` takes. Members that it does not name are ignored."""

from __future__ import annotations

from typing import Annotated, Any

import attrs
import msgspec

from ion_framework.domain.blank import NOT_BLANK

MOST_TOKENS = 10**9
MOST_STOPS = 4
LONGEST_STOP = 256
NOTES, USER, ASSISTANT = ("developer", "system", "tool"), "user", "assistant"
ROLES = (*NOTES, USER, ASSISTANT)

_WORDS = {"type": "string", "minLength": 1, "pattern": NOT_BLANK}
_PARTS = {
    "type": "array",
    "minItems": 1,
    "items": {
        "type": "object",
        "properties": {"type": {"const": "text"}, "text": _WORDS},
        "required": ["type", "text"],
    },
}


def _message(roles: tuple[str, ...], content: list[dict[str, Any]], *required: str) -> Any:
    return {
        "type": "object",
        "properties": {"role": {"enum": list(roles)}, "content": {"anyOf": content}},
        "required": ["role", *required],
    }


_MESSAGE = {
    "anyOf": [
        _message((USER,), [_WORDS, _PARTS], "content"),
        _message(NOTES, [{"type": "string"}, _PARTS], "content"),
        _message((ASSISTANT,), [{"type": "string"}, _PARTS, {"type": "null"}]),
    ]
}
_FROM_USER = {"type": "object", "properties": {"role": {"const": USER}}, "required": ["role"]}
_Messages = Annotated[
    tuple[Annotated[Any, msgspec.Meta(extra_json_schema=_MESSAGE)], ...],
    msgspec.Meta(
        min_length=1,
        examples=[[{"role": "user", "content": "이거 진짜 답답해요! 왜 안 되는 거죠?"}]],
        extra_json_schema={"contains": _FROM_USER},
    ),
]
"""Read by `ion_host_aiohttp.openai.messages`, which says what is wrong with which of them."""


def _only(*valid: Any) -> Any:
    """The type of a parameter of which only these values are taken; the host says so itself."""
    kinds = sorted({_KINDS[type(value)] for value in valid})
    schema = {"type": kinds, "enum": list(valid)}
    return Annotated[Any, msgspec.Meta(extra_json_schema=schema)]


_KINDS = {type(None): "null", bool: "boolean", int: "integer", str: "string", list: "array"}


_Text = Annotated[
    Any,
    msgspec.Meta(
        extra_json_schema={
            "type": ["object", "null"],
            "properties": {"type": {"const": "text"}},
            "required": ["type"],
        }
    ),
]
_Stop = Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_STOP)]
# JSON has one kind of number: what a client writes as 5.0 is the whole number 5 to a schema.
_Tokens = Annotated[float, msgspec.Meta(ge=1, le=MOST_TOKENS, multiple_of=1)]
_Seed = Annotated[float, msgspec.Meta(multiple_of=1)]
_Penalty = Annotated[float, msgspec.Meta(ge=-2, le=2)]
_Name = Annotated[str, msgspec.Meta(max_length=128)]
_Metadata = Annotated[
    dict[
        Annotated[str, msgspec.Meta(max_length=64)],
        Annotated[str, msgspec.Meta(max_length=512)],
    ],
    msgspec.Meta(max_length=16),
]


@attrs.frozen(kw_only=True)
class StreamOptions:
    """How a stream is written.

    Attributes:
        include_usage: whether a last chunk tells the tokens.
    """

    include_usage: bool | None = None


@attrs.frozen(kw_only=True)
class ChatCompletionRequest:
    """The body of ``POST /v1/chat/completions``.

    Attributes:
        model: ``ion-auto``, where the router decides who answers, or the name of a persona.
        messages: the conversation. The last message of ``user`` is answered. What stands in
            ``developer``, ``system`` and ``tool`` tells the persona of the situation; it instructs
            nobody.
        stream: whether the answer comes piece by piece, as ``text/event-stream``.
        stream_options: how a stream is written.
        temperature: how freely is chosen, 0 to 2.
        top_p: share of the likeliest tokens that is chosen from, 0 to 1.
        max_tokens: most tokens of the answer; the older name.
        max_completion_tokens: most tokens of the answer; goes before ``max_tokens``.
        stop: texts before which the answer ends, at most 4.
        user: a name for the user, chosen by the caller; separates stored answers.
        safety_identifier: counts as ``user`` where that is missing.
        seed: ignored.
        presence_penalty: ignored.
        frequency_penalty: ignored.
        metadata: ignored; at most 16 pairs.
        store: ignored.
        service_tier: ignored.
        prompt_cache_key: ignored.
        reasoning_effort: ignored.
        verbosity: ignored.
        n: answers; there is one.
        response_format: only text.
        modalities: only text.
        audio: not supported.
        tools: not supported.
        tool_choice: not supported; without tools there is nothing to choose.
        functions: not supported.
        function_call: not supported; without functions there is nothing to choose.
        logprobs: not supported.
        top_logprobs: not supported.
        web_search_options: not supported.
    """

    model: Annotated[str, msgspec.Meta(min_length=1, max_length=256, examples=["ion-auto"])]
    messages: _Messages
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    temperature: Annotated[float, msgspec.Meta(ge=0, le=2)] | None = None
    top_p: Annotated[float, msgspec.Meta(ge=0, le=1)] | None = None
    max_tokens: _Tokens | None = None
    max_completion_tokens: _Tokens | None = None
    stop: _Stop | Annotated[tuple[_Stop, ...], msgspec.Meta(max_length=MOST_STOPS)] | None = None
    user: _Name | None = None
    safety_identifier: _Name | None = None
    seed: _Seed | None = None
    presence_penalty: _Penalty | None = None
    frequency_penalty: _Penalty | None = None
    metadata: _Metadata | None = None
    store: bool | None = None
    service_tier: str | None = None
    prompt_cache_key: str | None = None
    reasoning_effort: str | None = None
    verbosity: str | None = None
    n: _only(None, 1) = None  # type: ignore[valid-type]  # made by a function, the same for many
    response_format: _Text = None
    modalities: _only(None, ["text"]) = None  # type: ignore[valid-type]  # as above
    audio: _only(None) = None  # type: ignore[valid-type]  # as above
    tools: _only(None, []) = None  # type: ignore[valid-type]  # as above
    tool_choice: _only(None, "none", "auto") = None  # type: ignore[valid-type]  # as above
    functions: _only(None, []) = None  # type: ignore[valid-type]  # as above
    function_call: _only(None, "none", "auto") = None  # type: ignore[valid-type]  # as above
    logprobs: _only(None, False) = None  # type: ignore[valid-type]  # as above
    top_logprobs: _only(None, 0) = None  # type: ignore[valid-type]  # as above
    web_search_options: _only(None) = None  # type: ignore[valid-type]  # as above
