"""Names of OpenTelemetry's gen_ai conventions, in one table with two columns.

The conventions left the main repository after v1.41 and go on as ``semantic-conventions-genai``,
which is in development: names move. What changes between the two is one line of the table.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import attrs

WORKFLOW = "ion.turn"
"""Value of ``gen_ai.workflow.name``: what ION does with a request."""

INVOKE_WORKFLOW, INVOKE_AGENT, CHAT = "invoke_workflow", "invoke_agent", "chat"

ERROR_TYPE = "error.type"
OTHER_ERROR = "_OTHER"
"""Value of ``error.type`` where the cause has no name."""

LATEST_OPT_IN = "gen_ai_latest_experimental"


@attrs.frozen(kw_only=True)
class Names:
    """Names of attributes in one profile; one that a profile does not have is empty.

    Attributes:
        schema_url: where the conventions are published, empty where they are not yet.
        operation: what is done.
        provider: whose model it is.
        workflow: the workflow.
        agent: the persona.
        agent_id: the persona once more, as an id.
        conversation: the conversation.
        prompt_name: the prompt.
        prompt_version: its version.
        request_model: the model asked.
        response_model: the model that answered.
        finish_reasons: why the generation ended, a list.
        time_to_first_chunk: seconds until the first piece of text.
        input_tokens: tokens of the prompt.
        output_tokens: tokens of the answer.
        cached_tokens: tokens of the prompt that the service had cached.
        input_messages: the messages, as JSON.
        output_messages: the answer, as JSON.
    """

    schema_url: str
    operation: str
    provider: str
    workflow: str
    agent: str
    agent_id: str
    conversation: str
    prompt_name: str
    prompt_version: str
    request_model: str
    response_model: str
    finish_reasons: str
    time_to_first_chunk: str
    input_tokens: str
    output_tokens: str
    cached_tokens: str
    input_messages: str
    output_messages: str


# name: (v1.41, latest)
_TABLE: Mapping[str, tuple[str, str]] = {
    "schema_url": ("https://opentelemetry.io/schemas/1.41.0", ""),
    "operation": ("gen_ai.operation.name", "gen_ai.operation.name"),
    "provider": ("gen_ai.provider.name", "gen_ai.provider.name"),
    "workflow": ("gen_ai.workflow.name", "gen_ai.workflow.name"),
    "agent": ("gen_ai.agent.name", "gen_ai.agent.name"),
    "agent_id": ("gen_ai.agent.id", ""),
    "conversation": ("gen_ai.conversation.id", "gen_ai.conversation.id"),
    "prompt_name": ("gen_ai.prompt.name", "gen_ai.prompt.name"),
    "prompt_version": ("", "gen_ai.prompt.version"),
    "request_model": ("gen_ai.request.model", "gen_ai.request.model"),
    "response_model": ("gen_ai.response.model", "gen_ai.response.model"),
    "finish_reasons": ("gen_ai.response.finish_reasons", "gen_ai.response.finish_reasons"),
    "time_to_first_chunk": (
        "gen_ai.response.time_to_first_chunk",
        "gen_ai.response.time_to_first_chunk",
    ),
    "input_tokens": ("gen_ai.usage.input_tokens", "gen_ai.usage.input_tokens"),
    "output_tokens": ("gen_ai.usage.output_tokens", "gen_ai.usage.output_tokens"),
    "cached_tokens": (
        "gen_ai.usage.cache_read.input_tokens",
        "gen_ai.usage.cache_read.input_tokens",
    ),
    "input_messages": ("gen_ai.input.messages", "gen_ai.input.messages"),
    "output_messages": ("gen_ai.output.messages", "gen_ai.output.messages"),
}

V1_41 = Names(**{name: first for name, (first, _) in _TABLE.items()})
LATEST = Names(**{name: last for name, (_, last) in _TABLE.items()})


@attrs.frozen
class Service:
    """How the conventions speak of a generator.

    Attributes:
        provider: value of ``gen_ai.provider.name``.
        operation: value of ``gen_ai.operation.name``.
    """

    provider: str
    operation: str


# A monitor cannot tell the Gemini API from Vertex AI: gcp.gen_ai is the conventions' name for
# either. Likewise openai stands for whoever speaks that protocol.
_SERVICES: Mapping[str, Service] = {
    "gemini": Service("gcp.gen_ai", "generate_content"),
    "openai-compatible": Service("openai", CHAT),
}


def service_of(plugin: str) -> Service:
    """How the conventions speak of a generator; one that they do not know has its own name.

    Args:
        plugin: name of the plugin.
    """
    return _SERVICES.get(plugin) or Service(plugin, CHAT)


def names_of(profile: str, opted_in: Sequence[str]) -> Names:
    """The names of a profile.

    Args:
        profile: ``1.41``, ``latest``, or ``auto``, which goes by the next argument.
        opted_in: the parts of ``OTEL_SEMCONV_STABILITY_OPT_IN``.
    """
    is_latest = profile == "latest" or (profile == "auto" and LATEST_OPT_IN in opted_in)
    return LATEST if is_latest else V1_41
