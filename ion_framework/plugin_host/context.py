"""What a plugin's factory is given."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import attrs

from ion_framework.clock import Clock
from ion_framework.domain.persona import Persona
from ion_framework.errors import SettingsError
from ion_framework.pipeline.language_model import LanguageModel

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

_Settings = TypeVar("_Settings")


class CheckedSettings(Protocol):
    """Settings of a plugin that know what is wrong with them."""

    def problems(self) -> Iterable[str]:
        """What cannot work, one sentence each, the key first."""


_Checked = TypeVar("_Checked", bound=CheckedSettings)


@attrs.frozen
class PluginContext:
    """The plugin's own view of the installation.

    Attributes:
        name: the plugin's name.
        version: version of its distribution.
        settings: its settings by name, validated against the schema of its manifest, defaults
            filled in. Secrets are plain strings here; do not log them.
        clock: where to take the time from.
        data_dir: folder for the plugin's own files; it may not exist yet.
        persona: the persona of its manifest, for a plugin that provides one.
        language_model: for questions of its own to the model that answers the turns.
    """

    name: str
    version: str
    settings: Mapping[str, object] = attrs.field(repr=False)
    clock: Clock
    data_dir: Path
    persona: Persona | None = None
    language_model: LanguageModel = attrs.field(factory=LanguageModel.missing, repr=False, eq=False)

    @property
    def logger(self) -> FilteringBoundLogger:
        """A structured logger that carries the plugin's name."""
        import structlog  # costs 50 ms; listing plugins must not pay for it

        logger: FilteringBoundLogger = structlog.get_logger(plugin=self.name)
        return logger

    def settings_as(self, settings_class: type[_Settings]) -> _Settings:
        """The settings as an instance of the plugin's own attrs class.

        Raises:
            SettingsError: the class has a field that the manifest's schema does not describe, or
                a value that it does not accept; names the plugin and the key.
        """
        import cattrs  # see logger

        converter = cattrs.Converter(forbid_extra_keys=True)
        converter.register_structure_hook_func(
            lambda kind: kind == tuple[str, ...], _tuple_of_strings
        )
        try:
            return converter.structure(dict(self.settings), settings_class)
        except cattrs.BaseValidationError as error:
            problems = cattrs.transform_error(
                error, path=f"plugin.{self.name}", format_exception=_sentence
            )
            raise SettingsError(*problems) from None

    def checked_settings_as(self, settings_class: type[_Checked]) -> _Checked:
        """The same, of a class that finds itself what the manifest's schema cannot say.

        Raises:
            SettingsError: as above, or a value cannot work; names its key, and no secret.
        """
        settings = self.settings_as(settings_class)
        problems = tuple(settings.problems())
        if problems:
            raise SettingsError(*(f"plugin.{self.name}.{problem}" for problem in problems))
        return settings


def _sentence(error: BaseException, kind: type | None) -> str:
    """What is wrong, in the words of the class's own check where it was the one to refuse."""
    from cattrs.v import format_exception  # see PluginContext.logger

    own = isinstance(error, ValueError) and str(error)
    return own or format_exception(error, kind)


def _tuple_of_strings(value: Any, _: type) -> tuple[str, ...]:
    return tuple(str(item) for item in value)
