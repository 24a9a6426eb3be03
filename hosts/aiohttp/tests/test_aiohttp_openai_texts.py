"""What errors of OpenAI's protocol say: what is wrong, where, what is valid, what to do."""

from __future__ import annotations

import pytest

PATH = "/v1/chat/completions"


async def told(host, **more):
    """The error that a request gets."""
    body = {"model": "lua", "messages": [{"role": "user", "content": "hello"}], **more}
    async with host.session.post(PATH, json=body) as response:
        assert response.status == 400
        return (await response.json())["error"]


@pytest.mark.parametrize(
    ("more", "code", "text"),
    [
        (
            {"tools": [{"type": "function", "function": {"name": "f"}}]},
            "unsupported_parameter",
            "Unsupported parameter: 'tools' is not supported by this server, whose personas call"
            " no tools. Leave it out, or send an empty list.",
        ),
        (
            {"tool_choice": "required"},
            "unsupported_parameter",
            'Unsupported value: \'tool_choice\' can only be "none" / "auto" on this server. Send'
            " that, or leave the parameter out.",
        ),
        (
            {"n": 2},
            "unsupported_parameter",
            "Unsupported value: 'n' can only be 1 on this server. Send that, or leave the parameter"
            " out.",
        ),
        (
            {"audio": {"voice": "x"}},
            "unsupported_parameter",
            "Unsupported parameter: 'audio' is not supported by this server. Leave it out.",
        ),
        (
            {"messages": []},
            "empty_array",
            "Invalid 'messages': empty array. Expected an array with at least 1 message(s), one of"
            " which has the role 'user'.",
        ),
        (
            {"stop": list("abcde")},
            "invalid_value",
            "Invalid 'stop': There are too many items; at most 4 are allowed.",
        ),
    ],
)
async def test_an_error_in_one_sentence(hosting, more, code, text):
    """Each names the parameter once, in the text as in ``param``, and says what is valid."""
    async with hosting() as host:
        error = await told(host, **more)

    assert (text, next(iter(more)), code) == (error["message"], error["param"], error["code"])


@pytest.mark.parametrize("empty", [None, []])
async def test_no_tools_are_no_tools(hosting, empty):
    """An empty list of tools, which clients send by default, asks for nothing."""
    async with hosting() as host:
        body = {
            "model": "lua",
            "messages": [{"role": "user", "content": "hello"}],
            "tools": empty,
            "tool_choice": "auto",
        }
        async with host.session.post(PATH, json=body) as response:
            assert response.status == 200
