"""What a recording says: a header, then the turns."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

import attrs

from ion_framework.domain.frozen import frozen
from ion_framework.domain.language import Language
from ion_framework.domain.resonance import Resonance
from ion_framework.domain.routing import RoutingDecision
from ion_framework.errors import IonError
from ion_framework.pipeline.chunks import FinishReason, Usage
from ion_framework.pipeline.receipt import CacheStatus, StageTiming
from ion_framework.pipeline.turn import TurnRequest
from ion_framework.recording.redaction import Mark

FORMAT = 1
"""Version of the format; a file of a later one is refused."""


class RecordingError(IonError):
    """A recording cannot be read or written; says which file, which line, and why."""


class Origin(StrEnum):
    """Where the turns of a recording come from.

    ``messages``       they were answered for it
    ``host``           a host answered its callers
    ``conversations``  a store kept them: their prompts and their stages are not known
    """

    MESSAGES = "messages"
    HOST = "host"
    CONVERSATIONS = "conversations"


@attrs.frozen
class RecordedPlugin:
    """A plugin that ran when the turns were made."""

    name: str
    distribution: str
    version: str


@attrs.frozen(kw_only=True)
class Header:
    """The first line.

    Attributes:
        ion_recording: version of the format.
        core: version of the core.
        plugins: the plugins that ran, by name; none where that is not known.
        settings: digest of the settings that answers depend on, secrets left out; empty where
            they are not known.
        origin: where the turns come from.
        redacted: whether texts hold marks in place of what identifies people.
        prompts: whether prompts stand there in full, not only by their digests.
        at: when it began, seconds since the Unix epoch.
        processes: processes that served; the turns are those of one of them.
    """

    ion_recording: int = FORMAT
    core: str
    plugins: tuple[RecordedPlugin, ...] = ()
    settings: str = ""
    origin: Origin
    redacted: bool = True
    prompts: bool = True
    at: float
    processes: int = 1


@attrs.frozen(kw_only=True)
class RecordedPrompt:
    """What a generator was told.

    Attributes:
        name: name of the prompt.
        version: version of its form.
        digest: SHA-256 of all of it, as recorded.
        text: all of it, by part; None where only the digest was kept.
    """

    name: str
    version: str
    digest: str
    text: Mapping[str, object] | None = attrs.field(
        default=None, converter=attrs.converters.optional(frozen)
    )


@attrs.frozen(kw_only=True)
class RecordedReply:
    """An answer.

    Attributes:
        text: what was answered.
        persona: who answered.
        language: in which language.
        finish: why the generation ended.
        usage: tokens spent.
        generator: the plugin that generated; empty where it is not known.
        model: the model, as it names itself.
        degraded: why the answer is second best, empty where it is not.
        cache: what the cache did; None where it is not known.
        cache_reason: why it was bypassed or not stored.
    """

    text: str
    persona: str
    language: Language
    finish: FinishReason | None = None
    usage: Usage = attrs.field(factory=Usage)
    generator: str = ""
    model: str = ""
    degraded: str = ""
    cache: CacheStatus | None = None
    cache_reason: str = ""


@attrs.frozen
class Problem:
    """Why a turn has no answer.

    Attributes:
        code: machine readable.
        message: in words.
    """

    code: str
    message: str


@attrs.frozen(kw_only=True)
class RecordedTurn:
    """One turn.

    Attributes:
        number: 1 for the first of the recording.
        at: its end, seconds since the Unix epoch.
        request: what was asked; user and session by pseudonyms.
        marks: what was taken out of the message.
        altered: whether anything was taken out of the message or of what came with it.
        resonance: the reading, without its evidence; None where the turn ended before.
        decision: the routing decision; likewise.
        prompt: what the generator was told; None where that is not known.
        reply: the answer; None where there is none.
        problem: why there is none; None where there is one.
        stages: how long each stage took, in order.
        spent_ms: milliseconds that the turn took; None where that is not known.
    """

    number: int
    at: float
    request: TurnRequest
    marks: tuple[Mark, ...] = ()
    altered: bool = False
    resonance: Resonance | None = None
    decision: RoutingDecision | None = None
    prompt: RecordedPrompt | None = None
    reply: RecordedReply | None = None
    problem: Problem | None = None
    stages: tuple[StageTiming, ...] = ()
    spent_ms: float | None = None
