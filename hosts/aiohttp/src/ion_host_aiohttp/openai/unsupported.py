"""Parameters that ask for what this host does not do: better refused than answered as if it did."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ion_host_aiohttp.api.encoding import encode
from ion_host_aiohttp.errors.failure import Issue
from ion_host_aiohttp.errors.messages import Message, say
from ion_host_aiohttp.errors.openai import UNSUPPORTED
from ion_host_aiohttp.openai.schema import ChatCompletionRequest

_NOTHING_ELSE: Mapping[str, tuple[object, ...]] = {
    "n": (1,),
    "response_format": ({"type": "text"},),
    "modalities": (["text"],),
    "audio": (),
    "tools": ([],),
    "tool_choice": ("none", "auto"),
    "functions": ([],),
    "function_call": ("none", "auto"),
    "logprobs": (False,),
    "top_logprobs": (0,),
    "web_search_options": (),
}
"""The values, besides null, that ask for nothing."""


def unsupported(request: ChatCompletionRequest) -> Iterator[Issue]:
    """The issue of each parameter that asks for what this host does not do.

    Args:
        request: what is asked.
    """
    for name, harmless in _NOTHING_ELSE.items():
        given = getattr(request, name)
        if given is None or any(_same(given, value) for value in harmless):
            continue
        yield Issue(UNSUPPORTED, (name,), _told(name, harmless))


def _told(name: str, harmless: tuple[object, ...]) -> Message:
    """What is wrong with a parameter, in a sentence that names it, as this protocol has it."""
    if not harmless:
        return say("openai_unsupported", param=name)
    if harmless == ([],):
        return say("openai_no_tools", param=name)
    valid = " / ".join(encode(value).decode() for value in harmless)
    return say("openai_unsupported_value", param=name, valid=valid)


def _same(given: object, harmless: object) -> bool:
    """Whether two values are the same in JSON, where true is no number."""
    if isinstance(given, dict) and isinstance(harmless, dict):
        # Further members of a format of plain text change nothing.
        return all(name in given and given[name] == value for name, value in harmless.items())
    return isinstance(given, bool) is isinstance(harmless, bool) and given == harmless
