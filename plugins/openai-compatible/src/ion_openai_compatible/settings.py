"""The plugin's settings; the manifest says what each accepts and what it is by default."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import attrs

from ion_framework.errors import SettingsError
from ion_framework.plugin_host.context import PluginContext
from ion_framework.resilience.stream_settings import StreamSettings
from ion_openai_compatible.address import ServerAddress, server_address
from ion_openai_compatible.answer import MODEL_ID
from ion_openai_compatible.chat_request import RequestForm
from ion_openai_compatible.prices import Price, price_table
from ion_openai_compatible.served import SERVED
from ion_openai_compatible.transport import TransportSettings

_KEY = re.compile(r"[\x21-\x7e]*")


def _text(value: str | None) -> str:
    return value or ""


def _named(read: Callable[..., object]) -> Callable[..., None]:
    """A validator out of what reads a value; the message begins with the key."""

    def check(_: object, attribute: attrs.Attribute[object], value: object) -> None:
        try:
            read(value)
        except ValueError as error:
            raise ValueError(f"{attribute.name}: {error}") from None

    return check


def _check_model(name: str) -> None:
    if name and not MODEL_ID.fullmatch(name):
        raise ValueError("a model's id has 1 to 256 characters and no blanks among them")


def _check_models(names: Sequence[str]) -> None:
    for name in names:
        _check_model(name or " ")


def _check_key(key: str) -> None:
    if not _KEY.fullmatch(key):
        raise ValueError("a key has visible ASCII characters only; check for blanks in the middle")


@attrs.frozen(kw_only=True)
class OpenAISettings(StreamSettings):
    """Where the server is, what it is asked for, and for how long.

    Attributes:
        base_url: address of the protocol.
        api_key: the key, empty where the server wants none.
        model: id of the model; empty for the one that the server lists.
        fallback_models: ids of the models that are asked where the first one is out.
        prices: lines ``model input output cached``.
        max_tokens_field: the field for the most tokens of an answer.
        ask_usage: whether the stream is asked to tell the tokens that were spent.
        max_connections: most connections at once.

    Raises:
        ValueError: a value cannot be used; the message begins with the key.
    """

    base_url: str = attrs.field(converter=_text, validator=_named(server_address))
    api_key: str = attrs.field(
        default="", converter=_text, repr=False, validator=_named(_check_key)
    )
    model: str = attrs.field(default="", converter=_text, validator=_named(_check_model))
    fallback_models: tuple[str, ...] = attrs.field(
        default=(), converter=tuple, validator=_named(_check_models)
    )
    prices: tuple[str, ...] = attrs.field(
        default=(), converter=tuple, validator=_named(price_table)
    )
    max_tokens_field: str = "max_tokens"
    ask_usage: bool = True
    max_connections: int = 256

    @property
    def address(self) -> ServerAddress:
        """Where the server is."""
        return server_address(self.base_url)

    @property
    def models(self) -> tuple[str, ...]:
        """The models in the order in which they are asked."""
        return (self.model or SERVED, *self.fallback_models)

    @property
    def price_table(self) -> Mapping[str, Price]:
        """The prices by model."""
        return price_table(self.prices)

    @property
    def form(self) -> RequestForm:
        """What requests look like."""
        return RequestForm(self.max_tokens_field, self.ask_usage)

    @property
    def transport(self) -> TransportSettings:
        """How connections are made."""
        return TransportSettings(self.connect_s, self.max_connections)


def settings_of(context: PluginContext) -> OpenAISettings:
    """The settings of a plugin.

    Raises:
        SettingsError: one cannot be used; names plugin and key, and never shows a secret.
    """
    # The host has checked names, types and ranges already. Beyond them the texts of our own checks
    # say what is valid, and cattrs would put its own in their place.
    given: dict[str, Any] = dict(context.settings)
    try:
        return OpenAISettings(**given)
    except ValueError as error:
        raise SettingsError(f"plugin.{context.name}.{error}") from None
