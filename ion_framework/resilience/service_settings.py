"""The settings that generators of a remote service share beyond its times and retries."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import attrs
from attrs.validators import ge, le

from ion_framework.domain.prices import PriceTable
from ion_framework.errors import SettingsError
from ion_framework.resilience.stream_settings import StreamSettings

if TYPE_CHECKING:
    from typing import Self

    from ion_framework.plugin_host.context import PluginContext

_DIGITS = 16
_KEY = re.compile(r"[\x21-\x7e]+")


@attrs.frozen(kw_only=True)
class ServiceSettings(StreamSettings):
    """Whom to ask beside the first model, as whom, at what price.

    A plugin's own settings class inherits from it and adds its own to `problems`; its manifest
    describes the same keys.

    Attributes:
        api_key: the key, None without one.
        fallback_models: ids of the models that are asked where the first one is out.
        prices: lines ``MODEL INPUT OUTPUT [CACHED]``; see `PriceTable`.
        max_connections: most connections at once, 1 to 10,000.
    """

    api_key: str | None = attrs.field(default=None, repr=False)
    fallback_models: tuple[str, ...] = ()
    prices: tuple[str, ...] = ()
    max_connections: int = attrs.field(default=256, validator=[ge(1), le(10_000)])

    @property
    def price_table(self) -> PriceTable:
        """The prices by model.

        Raises:
            ValueError: a line is wrong, which `problems` tells.
        """
        return PriceTable.read(self.prices)

    @classmethod
    def read(cls, context: PluginContext) -> Self:
        """A plugin's settings.

        Raises:
            SettingsError: with these no request could succeed; names plugin and every wrong key,
                says what is valid there, and shows no secret.
        """
        settings = context.settings_as(cls)
        problems = [f"plugin.{context.name}.{problem}" for problem in settings.problems()]
        if problems:
            raise SettingsError(*problems)
        return settings

    def problems(self) -> Iterator[str]:
        """What is wrong beyond what a manifest can describe, each beginning with its key."""
        if self.api_key and not _KEY.fullmatch(self.api_key):
            yield "api_key: must be visible ASCII characters alone; is there a blank in it?"
        yield from (f"prices: {problem}" for problem in PriceTable.problems(self.prices))


def identity(model: str, *choices: object) -> str:
    """What a generator is called in cache keys: its model, and a digest of what else decides.

    The same settings give the same text in every process.

    Args:
        model: id of the preferred model.
        choices: whatever else changes answers, such as the service's address, as JSON values.
    """
    digest = hashlib.sha256(json.dumps(choices).encode()).hexdigest()
    return f"{model}~{digest[:_DIGITS]}"
