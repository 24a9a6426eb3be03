"""ION, a persona framework.

The public names are loaded when they are first used, so that ``import ion_framework`` stays cheap.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ion_framework.domain.conversation import Message as Message
    from ion_framework.domain.conversation import Role as Role
    from ion_framework.domain.frozen import FrozenJson as FrozenJson
    from ion_framework.domain.key import Intent as Intent
    from ion_framework.domain.key import Pace as Pace
    from ion_framework.domain.key import ResonanceKey as ResonanceKey
    from ion_framework.domain.key import Tone as Tone
    from ion_framework.domain.language import Language as Language
    from ion_framework.domain.language import detect_language as detect_language
    from ion_framework.domain.persona import Affinities as Affinities
    from ion_framework.domain.persona import Persona as Persona
    from ion_framework.domain.prompt import Prompt as Prompt
    from ion_framework.domain.prompt import PromptMode as PromptMode
    from ion_framework.domain.resonance import Evidence as Evidence
    from ion_framework.domain.resonance import IntentReading as IntentReading
    from ion_framework.domain.resonance import Resonance as Resonance
    from ion_framework.domain.resonance import Rhythm as Rhythm
    from ion_framework.domain.resonance import ToneReading as ToneReading
    from ion_framework.domain.routing import RoutingDecision as RoutingDecision
    from ion_framework.domain.routing import RoutingTable as RoutingTable
    from ion_framework.errors import FailureCause as FailureCause
    from ion_framework.errors import GenerationError as GenerationError
    from ion_framework.errors import IonError as IonError
    from ion_framework.ion import Ion as Ion
    from ion_framework.pipeline.chunks import Chunk as Chunk
    from ion_framework.pipeline.chunks import ChunkStream as ChunkStream
    from ion_framework.pipeline.chunks import Finish as Finish
    from ion_framework.pipeline.chunks import FinishReason as FinishReason
    from ion_framework.pipeline.chunks import TextChunk as TextChunk
    from ion_framework.pipeline.chunks import Usage as Usage
    from ion_framework.pipeline.incoming import IncomingRequest as IncomingRequest
    from ion_framework.pipeline.incoming import RequestText as RequestText
    from ion_framework.pipeline.markers import hookimpl as hookimpl
    from ion_framework.pipeline.markers import pure as pure
    from ion_framework.pipeline.receipt import Receipt as Receipt
    from ion_framework.pipeline.reply import Reply as Reply
    from ion_framework.pipeline.reply import ReplyDelta as ReplyDelta
    from ion_framework.pipeline.reply import ReplyDone as ReplyDone
    from ion_framework.pipeline.reply import ReplyStarted as ReplyStarted
    from ion_framework.pipeline.turn import Turn as Turn
    from ion_framework.pipeline.turn import TurnContext as TurnContext
    from ion_framework.pipeline.turn import TurnRequest as TurnRequest
    from ion_framework.pipeline.verdict import Refusal as Refusal
    from ion_framework.plugin_host.context import PluginContext as PluginContext
    from ion_framework.settings.model import Settings as Settings

_HOME = {
    "domain.conversation": ("Message", "Role"),
    "domain.frozen": ("FrozenJson",),
    "domain.key": ("Intent", "Pace", "ResonanceKey", "Tone"),
    "domain.language": ("Language", "detect_language"),
    "domain.persona": ("Affinities", "Persona"),
    "domain.prompt": ("Prompt", "PromptMode"),
    "domain.resonance": ("Evidence", "IntentReading", "Resonance", "Rhythm", "ToneReading"),
    "domain.routing": ("RoutingDecision", "RoutingTable"),
    "errors": ("FailureCause", "GenerationError", "IonError"),
    "ion": ("Ion",),
    "pipeline.chunks": ("Chunk", "ChunkStream", "Finish", "FinishReason", "TextChunk", "Usage"),
    "pipeline.incoming": ("IncomingRequest", "RequestText"),
    "pipeline.markers": ("hookimpl", "pure"),
    "pipeline.receipt": ("Receipt",),
    "pipeline.reply": ("Reply", "ReplyDelta", "ReplyDone", "ReplyStarted"),
    "pipeline.turn": ("Turn", "TurnContext", "TurnRequest"),
    "pipeline.verdict": ("Refusal",),
    "plugin_host.context": ("PluginContext",),
    "settings.model": ("Settings",),
}
_MODULE_OF = {name: module for module, names in _HOME.items() for name in names}

__all__ = sorted(_MODULE_OF)  # noqa: PLE0605  one table says what is public and where it lives


def __getattr__(name: str) -> object:
    if name == "__version__":
        from importlib.metadata import version  # costs 30 ms

        return version("ion-framework")
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_MODULE_OF[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
