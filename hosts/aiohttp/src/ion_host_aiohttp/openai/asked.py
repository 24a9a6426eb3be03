"""A request of OpenAI's protocol in the framework's terms."""

from __future__ import annotations

import attrs

from ion_framework.domain.persona import GenerationParameters
from ion_framework.pipeline.chunks import Usage
from ion_framework.pipeline.turn import TurnRequest
from ion_host_aiohttp.api.endpoint import Call
from ion_host_aiohttp.api.schema_issues import MOST_ISSUES
from ion_host_aiohttp.errors.failure import unfit
from ion_host_aiohttp.openai.answer import CompletionUsage, usage_of
from ion_host_aiohttp.openai.ending import CHARACTERS_PER_TOKEN, Ending
from ion_host_aiohttp.openai.messages import read_messages
from ion_host_aiohttp.openai.models import fingerprint, persona_of
from ion_host_aiohttp.openai.schema import ChatCompletionRequest
from ion_host_aiohttp.openai.unsupported import unsupported
from ion_host_aiohttp.service import Service

LARGEST_OUTPUT = 65536
"""Tokens that generators can be asked for at most; a caller who allows more gets these."""
LEAST_TOP_P = 1e-6
"""The protocol takes 0, generators do not; of so small a share only the likeliest token is."""


@attrs.frozen(kw_only=True)
class Asked:
    """A request that can be answered.

    Attributes:
        turn: the turn.
        model: the model as it was asked for.
        id: names the completion.
        created: seconds since the Unix epoch.
        fingerprint: names what answers.
        characters: characters of the messages.
        stops: texts before which the answer ends.
        most_tokens: most tokens of the answer, None without a bound.
        include_usage: whether a stream tells the tokens.
    """

    turn: TurnRequest
    model: str
    id: str
    created: int
    fingerprint: str
    characters: int
    stops: tuple[str, ...]
    most_tokens: int | None
    include_usage: bool

    def usage(self, usage: Usage, answered: int) -> CompletionUsage:
        """The tokens of its answer, estimated where the generator does not tell.

        Args:
            usage: what the generator tells.
            answered: characters that it gave; those beyond the bound are dropped, and not counted.
        """
        if self.most_tokens is not None:
            answered = min(answered, self.most_tokens * CHARACTERS_PER_TOKEN)
        return usage_of(usage, self.characters, answered)

    def ending(self) -> Ending:
        """The end of its answer."""
        return Ending(self.stops, self.most_tokens)


def read_request(call: Call[ChatCompletionRequest], service: Service) -> Asked:
    """Read a request.

    Raises:
        RequestFailed: it asks for what there is not, or its messages do not fit.
    """
    body = call.body
    if issues := tuple(unsupported(body)):
        raise unfit(*issues[:MOST_ISSUES])
    persona = persona_of(body.model, service.ion)
    said = read_messages(body.messages)
    allowed = body.max_completion_tokens or body.max_tokens
    most_tokens = None if allowed is None else int(allowed)
    user_id = body.user or body.safety_identifier or None
    turn = TurnRequest(
        text=said.text,
        principal=call.caller.principal_for(user_id),
        tenant=call.caller.tenant,
        user_id=user_id,
        persona=persona,
        history=said.history,
        # The caller's own choice of what the model is to know; bounded as it arrives.
        whole_history=True,
        notes=said.notes,
        parameters=_parameters(body, most_tokens),
        deadline_s=call.deadline_s,
        request_id=call.request_id,
        trace=call.trace,
    )
    return Asked(
        turn=turn,
        model=body.model,
        id=f"chatcmpl-{call.request_id}",
        created=int(service.clock.time()),
        fingerprint=fingerprint(service.ion, service.version),
        characters=said.characters,
        stops=(body.stop,) if isinstance(body.stop, str) else body.stop or (),
        most_tokens=most_tokens,
        include_usage=bool(body.stream_options and body.stream_options.include_usage),
    )


def _parameters(body: ChatCompletionRequest, most_tokens: int | None) -> GenerationParameters:
    return GenerationParameters(
        temperature=body.temperature,
        top_p=None if body.top_p is None else max(LEAST_TOP_P, body.top_p),
        max_output_tokens=None if most_tokens is None else min(LARGEST_OUTPUT, most_tokens),
    )
