"""Every exception that ION raises on purpose.

::

    IonError
    ├── ProblemsError            a file says things that are wrong; lists every one
    │   ├── SettingsError        a setting, its file or its variable is wrong
    │   ├── ManifestError        an ion-plugin.toml is wrong
    │   │   └── ApiMismatchError it was written for another major of the plugin API
    │   └── CardError            a character card cannot be read or written
    ├── TemplateError            a prompt text uses a name that does not exist
    ├── ResonanceKeyError        a resonance key or one of its components is unknown (a ValueError)
    ├── UnknownPersonaError      no installed persona has this name (a LookupError)
    ├── PluginError              the plugin host cannot start as configured
    │   ├── PluginOrderError     a cycle, or two equals where only one can be first
    │   ├── RequiredPluginError  a plugin listed as required is not active
    │   ├── PluginChangeError    a plugin cannot be changed while the host runs
    │   │   └── LastPluginError  without it turns could not be answered as they are
    │   └── HookError            an implementation raised, hung or returned the wrong type
    ├── TurnError                a turn has no answer
    │   ├── InvalidRequestError  the request itself cannot be answered
    │   ├── TurnRefusedError     a guard or the model said no
    │   └── NoAnswerError        nobody could answer (nothing active, or everybody failed)
    └── GenerationError          a generator has no answer; what generators raise
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ion_framework.pipeline.chunks import Usage


class IonError(Exception):
    """Base of all of ION's own exceptions."""


class ProblemsError(IonError):
    """Something that people write by hand is wrong.

    Attributes:
        problems: one sentence each, at least one; each names the place and what is valid there.
    """

    def __init__(self, *problems: str) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


class SettingsError(ProblemsError):
    """A setting is unknown, of the wrong type or out of range; names the file and the key."""


class ManifestError(ProblemsError):
    """A manifest cannot be used; every problem names the file and the key path.

    As one text, problems of the same file name it once.
    """

    def __str__(self) -> str:
        told, last = [], ""
        for problem in self.problems:
            file, colon, rest = problem.partition(": ")
            told.append(rest if colon and file == last else problem)
            last = file
        return "; ".join(told)


class ApiMismatchError(ManifestError):
    """A manifest was written for another major of the plugin API than this core offers."""


class CardError(ProblemsError):
    """A character card cannot be read, or a persona not be written as one; names file and place."""


class TemplateError(IonError):
    """A prompt text uses a placeholder that is not on the documented list."""


class ResonanceKeyError(IonError, ValueError):
    """A resonance key, or a tone, pace or intent, is not a known value or alias.

    Attributes:
        component: ``"tone"``, ``"pace"``, ``"intent"`` or ``"key"``.
        given: what was given.
        valid: the values that would have been accepted.
    """

    def __init__(self, component: str, given: str, valid: tuple[str, ...]) -> None:
        shown = given if len(given) <= _SHOWN else given[:_SHOWN] + "…"
        super().__init__(f"unknown {component} {shown!r}; valid are: {', '.join(valid)}")
        self.component = component
        self.given = given
        self.valid = valid


_SHOWN = 80


class UnknownPersonaError(IonError, LookupError):
    """No active persona has this name.

    Attributes:
        name: the name asked for.
        known: the names of the active personas.
    """

    def __init__(self, name: str, known: tuple[str, ...]) -> None:
        listed = ", ".join(known) or "none is active"
        super().__init__(f"unknown persona {name!r}; known are: {listed}")
        self.name = name
        self.known = known


class PluginError(IonError):
    """The plugin host cannot start as it is configured."""


class PluginOrderError(PluginError):
    """The order of plugins is contradictory or ambiguous; says what to write."""


class RequiredPluginError(PluginError):
    """A plugin listed in ``plugins.required`` is not ready or not active."""


class PluginChangeError(PluginError):
    """A plugin cannot be taken out, let in or read again while turns run; nothing has changed.

    Attributes:
        code: why: ``unknown`` (no such plugin), ``ambiguous`` (the name may mean several),
            ``required``, ``guard``, ``last`` (see `LastPluginError`), ``fixed`` (a host is built
            upon it), ``state`` (it does not run), ``code`` (it has code, so it cannot be read
            again), ``untrusted`` (its files are not the pinned ones), ``invalid`` (its manifest is
            wrong) or ``start`` (its ``ion_startup`` failed).
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class LastPluginError(PluginChangeError):
    """A plugin is the last active one of a kind that every turn needs.

    Args:
        plugin: name of the plugin.
        effects: what stops working without it, by kind.
        others: further plugins of these kinds that are installed, each with its status.

    Attributes:
        kinds: the kinds of which it is the last.
        others: as above.
    """

    def __init__(self, plugin: str, effects: Mapping[str, str], others: tuple[str, ...]) -> None:
        super().__init__(
            "last",
            f"{plugin} is the last active {' and '.join(effects)}: without it "
            f"{', and '.join(effects.values())}; "
            f"also installed: {', '.join(others) or 'no other'}; let another one in first, or say "
            "with force that you mean it",
        )
        self.kinds = tuple(effects)
        self.others = others


class HookError(PluginError):
    """One implementation of a hook failed; names hook, plugin, distribution and version.

    Attributes:
        hook: name of the hook.
        plugin: name of the plugin.
        reason: what happened, one sentence.
    """

    def __init__(self, hook: str, plugin: str, reason: str) -> None:
        super().__init__(f"{plugin} failed in {hook}: {reason}")
        self.hook = hook
        self.plugin = plugin
        self.reason = reason


class TurnError(IonError):
    """A turn ended without an answer.

    Attributes:
        code: stable, machine-readable name of the cause.
    """

    code = "turn_failed"


class InvalidRequestError(TurnError):
    """The request cannot be answered as it is.

    Its text is blank or no valid Unicode, or it asks for a persona that is not active. The core
    sets no limit of length; hosts do, before they ask.

    Attributes:
        field: the field at fault.
    """

    code = "invalid_request"

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class TurnRefusedError(TurnError):
    """A guard refused the turn, a guard failed, or the model declined to answer.

    Attributes:
        guard: name of the plugin that refused: a guard, or the generator whose model declined.
        code: the guard's own code; ``guard_failed`` where the guard itself failed, ``safety`` where
            the model declined. The text of the latter is in the persona's voice, for the user.
        repeatable: whether the same request would be refused again, so that the refusal may be
            remembered for a short while.
    """

    def __init__(self, guard: str, code: str, message: str, *, repeatable: bool = False) -> None:
        super().__init__(message)
        self.guard = guard
        self.code = code
        self.repeatable = repeatable


class NoAnswerError(TurnError):
    """Nobody could answer: nothing suitable is active, or every candidate failed.

    Attributes:
        stage: the stage at which the turn ended.
        retry_after_s: seconds after which a new attempt makes sense, None where
            it makes none (something has to be installed first).
        detail: what the plugins said that failed, empty where none did. For operators: the message
            names the plugins and is fit for callers, this is not.
        repeatable: whether the same request would end like this again.
        late: whether the turn ended because its time was up.
    """

    code = "no_answer"

    def __init__(  # noqa: PLR0913  one keyword per fact of a failed turn
        self,
        stage: str,
        message: str,
        retry_after_s: int | None = None,
        *,
        detail: str = "",
        repeatable: bool = False,
        late: bool = False,
    ) -> None:
        super().__init__(message)
        self.stage = stage
        self.retry_after_s = retry_after_s
        self.detail = detail
        self.repeatable = repeatable
        self.late = late


class FailureCause(StrEnum):
    """Why a generator has no answer.

    ``rejected`` is the only one that the same request would meet again: the service found the
    request itself at fault. ``busy`` and ``misconfigured`` lie on this side of the wire: no
    connection of our own was free, or none could be made with the settings of this machine.
    """

    UNREACHABLE = "unreachable"
    TIMEOUT = "timeout"
    RATE_LIMITED = "rate_limited"
    UNAVAILABLE = "unavailable"
    DENIED = "denied"
    REJECTED = "rejected"
    UNKNOWN_MODEL = "unknown_model"
    BAD_ANSWER = "bad_answer"
    EMPTY = "empty"
    CUT_OFF = "cut_off"
    CIRCUIT_OPEN = "circuit_open"
    BUSY = "busy"
    MISCONFIGURED = "misconfigured"


FOR_OPERATORS = frozenset(
    {FailureCause.DENIED, FailureCause.UNKNOWN_MODEL, FailureCause.MISCONFIGURED}
)
"""Causes that stay until somebody changes settings: trying again makes no sense."""


class GenerationError(IonError):
    """A generator has no answer; raised by ``ion_generate``, or while its stream is read.

    Its text is for operators: it names what failed in the generator's own words, and holds neither
    secrets nor what the user or the service wrote.

    Attributes:
        cause: why.
        retry_after_s: seconds after which the service wants to be asked again, None unless it says.
        tries: how often the service was asked for this one answer.
        late: whether it was the turn that had no time left, and not the service that took too much.
        usage: what was spent on an answer that broke off, None where nobody counted.
    """

    def __init__(  # noqa: PLR0913  one keyword per fact of a failed generation
        self,
        cause: FailureCause,
        message: str,
        *,
        retry_after_s: float | None = None,
        tries: int = 1,
        late: bool = False,
        usage: Usage | None = None,
    ) -> None:
        super().__init__(message)
        self.cause = cause
        self.retry_after_s = retry_after_s
        self.tries = tries
        self.late = late
        self.usage = usage
