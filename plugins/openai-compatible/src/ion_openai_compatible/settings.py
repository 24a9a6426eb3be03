"""The plugin's settings; the manifest says what each accepts and what it is by default."""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from ion_framework.resilience.service_settings import ServiceSettings, identity
from ion_openai_compatible.address import ServerAddress, server_address
from ion_openai_compatible.answer import MODEL_ID
from ion_openai_compatible.chat_request import RequestForm
from ion_openai_compatible.served import SERVED
from ion_openai_compatible.transport import TransportSettings
from ion_openai_compatible.upstream import LONGEST_QUIET_S


@attrs.frozen(kw_only=True)
class OpenAISettings(ServiceSettings):
    """Where the server is, what it is asked for, and for how long.

    Attributes:
        base_url: address of the protocol.
        model: id of the model; empty for the one that the server lists.
        max_tokens_field: the field for the most tokens of an answer.
        ask_usage: whether the stream is asked to tell the tokens that were spent.
    """

    base_url: str
    model: str = ""
    max_tokens_field: str = "max_tokens"
    ask_usage: bool = True

    @property
    def address(self) -> ServerAddress:
        """Where the server is."""
        return server_address(self.base_url)

    @property
    def models(self) -> tuple[str, ...]:
        """The models in the order in which they are asked."""
        return (self.model or SERVED, *self.fallback_models)

    @property
    def form(self) -> RequestForm:
        """What requests look like."""
        return RequestForm(self.max_tokens_field, self.ask_usage)

    @property
    def cache_identity(self) -> str:
        """What an answer depends on beside its prompt: model and server."""
        return identity(self.model, self.address.url)

    @property
    def quiet_s(self) -> float:
        """Seconds for which more may come after the end of an answer; see `OpenAIUpstream`."""
        return min(LONGEST_QUIET_S, self.next_token_s / 2)

    @property
    def transport(self) -> TransportSettings:
        """How connections are made."""
        return TransportSettings(self.connect_s, self.max_connections)

    def problems(self) -> Iterator[str]:
        """What is wrong beyond what the manifest describes, each with its key."""
        yield from super().problems()
        try:
            server_address(self.base_url)
        except ValueError as error:
            yield f"base_url: {error}"
        # Without a model the server's own is asked; a fallback has to be named.
        named = [("model", self.model)] if self.model else []
        for key, model in named + [("fallback_models", model) for model in self.fallback_models]:
            if not MODEL_ID.fullmatch(model):
                yield f"{key}: a model's id has 1 to 256 characters and no blanks among them"
