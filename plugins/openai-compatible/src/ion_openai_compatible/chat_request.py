"""From a prompt to the document that the server is sent."""

from __future__ import annotations

import json
from typing import Any

import attrs

from ion_framework.domain.dialogue import dialogue_of
from ion_framework.domain.prompt import Prompt


@attrs.frozen
class RequestForm:
    """What requests look like; servers of the protocol differ in it.

    Attributes:
        max_tokens_field: the field for the most tokens of an answer: ``max_tokens``, or
            ``max_completion_tokens`` as newer hosted models want it.
        ask_usage: whether the stream is asked to end with the tokens that were spent; servers
            that refuse unknown fields may refuse this one.
    """

    max_tokens_field: str = "max_tokens"
    ask_usage: bool = True


def chat_request(model: str, prompt: Prompt, form: RequestForm) -> bytes:
    """The body of a request, a JSON document in UTF-8.

    The system part goes first and unchanged, so that a server can reuse what it computed for it;
    the context is material and goes to the user's side, before the history and the message.

    Args:
        model: the model's id.
        prompt: what to answer.
        form: what requests look like.

    Raises:
        GenerationError: ``rejected``: there is nothing to answer.
    """
    fields: dict[str, Any] = {"model": model, "messages": _messages(prompt), "stream": True}
    if form.ask_usage:
        fields["stream_options"] = {"include_usage": True}
    parameters = prompt.parameters
    optional = {
        "temperature": parameters.temperature,
        "top_p": parameters.top_p,
        form.max_tokens_field: parameters.max_output_tokens,
    }
    fields |= {name: value for name, value in optional.items() if value is not None}
    return json.dumps(fields, ensure_ascii=False).encode()


def _messages(prompt: Prompt) -> list[dict[str, str]]:
    dialogue = dialogue_of(prompt)
    said = [("system", dialogue.system)] if dialogue.system else []
    said += [(turn.role.value, "\n\n".join(turn.texts)) for turn in dialogue.turns]
    return [{"role": role, "content": content} for role, content in said]
