"""All settings of the core and the host, with their meaning, unit, range and default."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path

import attrs

from ion_framework.domain.conversation import COMPACT_LIMITS, STANDARD_LIMITS, HistoryLimits
from ion_framework.settings.checks import seconds
from ion_framework.settings.conversations import ConversationSettings
from ion_framework.settings.ensemble import EnsembleSettings
from ion_framework.settings.serving import (
    ApiSettings,
    AuthSettings,
    CorsSettings,
    LimitSettings,
    RateSettings,
    ServerSettings,
)
from ion_framework.settings.slo import SloSettings

NOT_IN_FILES = "not_in_files"
"""Metadata of a field that no file may set: to whoever writes one it is an unknown key."""


_PLACES = [attrs.validators.ge(1), attrs.validators.le(65536)]


class LogFormat(StrEnum):
    """How log lines are written.

    ``auto`` is console on a terminal, else JSON; ``cloud`` is JSON with the fields that Google
    Cloud Logging reads. On Google Cloud Run every JSON has them.
    """

    AUTO = "auto"
    JSON = "json"
    CLOUD = "cloud"
    CONSOLE = "console"


class LogLevel(StrEnum):
    """The lowest level that is logged."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@attrs.frozen
class SelectionLayer:
    """What one source says of plugins to run and not to run.

    Attributes:
        source: where it is said, for people (``ION_PLUGINS_DISABLE``).
        enable: names of plugins or distributions.
        disable: names of plugins or distributions.
    """

    source: str
    enable: tuple[str, ...] = ()
    disable: tuple[str, ...] = ()


class Trust(StrEnum):
    """Whose plugins may run: ``any`` that is installed, or only those that are ``pinned``."""

    ANY = "any"
    PINNED = "pinned"


@attrs.frozen
class PluginSettings:
    """Which plugins run.

    Attributes:
        enable: names of plugins or distributions; where it is not empty, only these run.
        disable: names of plugins or distributions that do not run.
        required: plugins without which the start stops.
        safe_mode: run first-party plugins only.
        trust: ``any``, or ``pinned``: a plugin whose files are not exactly those that ``pins``
            lists is never imported.
        pins: the file that ``ion plugins freeze`` wrote.
        import_budget_s: seconds that a plugin's import and factory may take.
        startup_budget_s: seconds that its ``ion_startup`` may take.
        bulkhead: calls of one third party's plugin that may run at a time, 1 to 65536; a call
            beyond that fails at once, as its hook's family says. The answers of a generator are
            not counted: a host bounds them by ``limits.in_flight``.
        loop_hold_s: seconds for which a plugin may hold the event loop of a host; one that holds
            it longer is logged with the place in its code, and a hook that does has failed, as far
            as quarantine goes.
        overrides: what environment and command line say, in rising order; no key of the file.
    """

    enable: tuple[str, ...] = ()
    disable: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    safe_mode: bool = False
    trust: Trust = Trust.ANY
    pins: Path | None = None
    import_budget_s: float = attrs.field(default=5.0, validator=seconds)
    startup_budget_s: float = attrs.field(default=2.5, validator=seconds)
    bulkhead: int = attrs.field(default=64, validator=_PLACES)
    loop_hold_s: float = attrs.field(default=0.25, validator=seconds)
    overrides: tuple[SelectionLayer, ...] = attrs.field(default=(), metadata={NOT_IN_FILES: True})

    @property
    def layers(self) -> tuple[SelectionLayer, ...]:
        """Every source's say, in rising order."""
        return (SelectionLayer("the settings", self.enable, self.disable), *self.overrides)


@attrs.frozen
class TurnSettings:
    """Time limits of a turn, in seconds.

    Attributes:
        deadline_s: the whole turn.
        guard_s: all guards together.
        context_s: all of ``ion_gather_context`` together.
        analyze_s: all analysers together.
        route_s: all routers together.
        prompt_s: building and rendering the prompt.
        first_token_s: a generator's first piece of text, its own retries included.
        next_token_s: every further piece of text.
        cache_s: one look-up in the cache. For another turn that makes the same answer, a turn
            waits as long as it has time.
    """

    deadline_s: float = attrs.field(default=60.0, validator=seconds)
    guard_s: float = attrs.field(default=5.0, validator=seconds)
    context_s: float = attrs.field(default=5.0, validator=seconds)
    analyze_s: float = attrs.field(default=5.0, validator=seconds)
    route_s: float = attrs.field(default=2.0, validator=seconds)
    prompt_s: float = attrs.field(default=2.0, validator=seconds)
    first_token_s: float = attrs.field(default=45.0, validator=seconds)
    next_token_s: float = attrs.field(default=15.0, validator=seconds)
    cache_s: float = attrs.field(default=2.0, validator=seconds)


@attrs.frozen
class ContextSettings:
    """Bounds of what ``ion_gather_context`` may bring into a turn.

    Attributes:
        messages: number of messages of history.
        passages: number of retrieved passages.
        characters: characters of all of it together.
    """

    messages: int = attrs.field(default=100, validator=attrs.validators.ge(0))
    passages: int = attrs.field(default=20, validator=attrs.validators.ge(0))
    characters: int = attrs.field(default=64000, validator=attrs.validators.ge(0))


@attrs.frozen
class PromptSettings:
    """How much history a prompt carries.

    Attributes:
        standard: limits of the standard prompt.
        compact: limits of the compact prompt (``summary_light``).
    """

    standard: HistoryLimits = STANDARD_LIMITS
    compact: HistoryLimits = COMPACT_LIMITS


@attrs.frozen
class LogSettings:
    """Logging.

    Attributes:
        format: ``auto``, ``json``, ``cloud`` or ``console``.
        level: ``debug``, ``info``, ``warning`` or ``error``.
    """

    format: LogFormat = LogFormat.AUTO
    level: LogLevel = LogLevel.INFO


@attrs.frozen
class Settings:
    """Everything that can be configured.

    Attributes:
        server: where the host listens.
        plugins: which plugins run.
        order: per hook, names of plugins in the order in which they are asked.
        limits: how large a request may be, and how many are taken at once.
        auth: whom the host lets in.
        rate: how often a caller may ask.
        cors: which web pages may call the host.
        api: how the API presents itself.
        turn: time limits.
        context: bounds of gathered context.
        prompt: how much history a prompt carries.
        ensemble: answers that several personas give together.
        conversations: conversations that the host keeps.
        slo: what the host promises, and when somebody is told that it does not keep it.
        log: logging.
        data_dir: folder for databases and results; None is the user's data folder.
        plugin: settings of each plugin, validated against its manifest.
        file: the file that they were read from, for errors; no key of the file.
    """

    server: ServerSettings = attrs.field(factory=ServerSettings)
    plugins: PluginSettings = attrs.field(factory=PluginSettings)
    order: Mapping[str, tuple[str, ...]] = attrs.field(factory=dict)
    limits: LimitSettings = attrs.field(factory=LimitSettings)
    auth: AuthSettings = attrs.field(factory=AuthSettings)
    rate: RateSettings = attrs.field(factory=RateSettings)
    cors: CorsSettings = attrs.field(factory=CorsSettings)
    api: ApiSettings = attrs.field(factory=ApiSettings)
    turn: TurnSettings = attrs.field(factory=TurnSettings)
    context: ContextSettings = attrs.field(factory=ContextSettings)
    prompt: PromptSettings = attrs.field(factory=PromptSettings)
    ensemble: EnsembleSettings = attrs.field(factory=EnsembleSettings)
    conversations: ConversationSettings = attrs.field(factory=ConversationSettings)
    slo: SloSettings = attrs.field(factory=SloSettings)
    log: LogSettings = attrs.field(factory=LogSettings)
    data_dir: Path | None = None
    plugin: Mapping[str, Mapping[str, object]] = attrs.field(factory=dict, repr=False)
    file: Path | None = attrs.field(default=None, metadata={NOT_IN_FILES: True})

    def folder(self) -> Path:
        """The folder for databases and results; it may not exist yet."""
        if self.data_dir is not None:
            return self.data_dir
        from platformdirs import user_data_path  # only who writes files pays for it

        return user_data_path("ion")
