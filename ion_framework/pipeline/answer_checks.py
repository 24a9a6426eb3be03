"""What an implementation's answer has to hold beyond its type, so that no later step trips on it.

Every function raises ValueError with a sentence that goes on from the plugin's name.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from decimal import Decimal
from types import MappingProxyType
from typing import Any, TypeVar, cast

from ion_framework.domain.conversation import Message, Role
from ion_framework.domain.frozen import FrozenJson
from ion_framework.domain.key import Intent, Pace, Tone
from ion_framework.domain.language import Language
from ion_framework.domain.persona import GenerationParameters
from ion_framework.domain.prompt import Prompt, PromptMode
from ion_framework.domain.prompt_lore import Insertion
from ion_framework.domain.resonance import Evidence, IntentReading, Resonance, Rhythm, ToneReading
from ion_framework.domain.routing import RoutingDecision
from ion_framework.jsonable import jsonable
from ion_framework.pipeline.turn import TurnContext

_Item = TypeVar("_Item")


def check_resonance(resonance: Resonance) -> None:
    """Refuse a reading without a usable key, language, measures or evidence."""
    _kind("rhythm", resonance.rhythm, Rhythm)
    _kind("tone", resonance.tone, ToneReading)
    _kind("intent", resonance.intent, IntentReading)
    _rhythm(resonance.rhythm)
    _kind("tone.primary", resonance.tone.primary, Tone)
    _kind("tone.secondary", resonance.tone.secondary, Tone, type(None))
    _kind("intent.primary", resonance.intent.primary, Intent)
    _kind("intent.secondary", resonance.intent.secondary, Intent, type(None))
    _kind("language", resonance.language, Language)
    _text("source", resonance.source)
    for item in _items("evidence", resonance.evidence, Evidence):
        _evidence(item)


def check_decision(decision: RoutingDecision, personas: frozenset[str]) -> None:
    """Refuse a decision for a persona that is not active, or without usable figures."""
    _kind("primary", decision.primary, str)
    _kind("secondary", decision.secondary, str, type(None))
    wanted = (decision.primary, decision.secondary or decision.primary)
    unknown = [repr(name) for name in dict.fromkeys(wanted) if name not in personas]
    if unknown:
        raise ValueError(f"decided for {', '.join(unknown)}, which is not active")
    _decimal("confidence", decision.confidence)
    if not 0 <= decision.confidence <= 1:
        raise ValueError(f"its confidence is {decision.confidence}; it has to be 0 to 1")
    _kind("scores", decision.scores, Mapping)
    for name, value in decision.scores.items():
        _text("scores", name)
        _decimal("scores", value)
    _text("router", decision.router)
    for reason in _items("reasons", decision.reasons, str):
        _text("reasons", reason)


def check_context(context: TurnContext) -> None:
    """Refuse a context that no prompt could be built from."""
    _messages(context.history)
    _text("summary", context.summary)
    for name, texts in (("passages", context.passages), ("notes", context.notes)):
        for text in _items(name, texts, str):
            _text(name, text)


def check_prompt(prompt: Prompt) -> None:
    """Refuse a prompt that no generator could send."""
    for name in ("name", "version", "system", "context", "user"):
        _text(name, getattr(prompt, name))
    _messages(prompt.history)
    for item in _items("insertions", prompt.insertions, Insertion):
        _kind("insertions.index", item.index, int)
        _kind("insertions.role", item.role, Role)
        _text("insertions", item.text)
    for label in _items("lore", prompt.lore, str):
        _text("lore", label)
    _kind("language", prompt.language, Language)
    _kind("mode", prompt.mode, PromptMode)
    _kind("parameters", prompt.parameters, GenerationParameters)


def check_metadata(metadata: Mapping[str, object]) -> None:
    """Refuse metadata that is no JSON object."""
    _kind("metadata", metadata, Mapping)
    if all(map(_is_easy, metadata, metadata.values())) or _is_plain(metadata):
        return
    try:
        json.dumps(jsonable(metadata), default=str, ensure_ascii=False).encode()
    except (TypeError, RecursionError) as error:
        raise ValueError(f"its metadata is not JSON: {error}") from None


def _is_plain(metadata: Mapping[str, object]) -> bool:
    """Whether it holds nothing but plain values, by the one look that is many times as fast."""
    try:
        _PLAIN.encode(metadata).encode()
    except (TypeError, ValueError, RecursionError):
        return False
    return True


def _is_easy(name: object, value: object) -> bool:
    """Whether a member is plain at first sight: frozen JSON, or a flat object of scalars."""
    if type(name) is not str or not name.isascii():
        return False
    kind = type(value)
    if kind is FrozenJson:
        return True
    return kind is MappingProxyType and all(
        map(_is_scalar, cast("Mapping[Any, Any]", value).items())
    )


def _is_scalar(member: tuple[object, object]) -> bool:
    name, value = member
    if type(name) is not str or not name.isascii():
        return False
    kind = type(value)
    return kind in _SCALARS or (kind is str and cast("str", value).isascii())


_SCALARS = frozenset({int, float, bool, type(None), FrozenJson})


def _members(value: object) -> object:
    if type(value) in (MappingProxyType, FrozenJson):
        return dict(cast("Mapping[Any, Any]", value))
    raise TypeError


_PLAIN = json.JSONEncoder(ensure_ascii=False, default=_members)


def _rhythm(rhythm: Rhythm) -> None:
    _kind("rhythm.pace", rhythm.pace, Pace)
    _kind("rhythm.sentences", rhythm.sentences, int)
    _number("rhythm.words_per_sentence", rhythm.words_per_sentence)
    _number("rhythm.question_ratio", rhythm.question_ratio)
    _number("rhythm.exclamation_ratio", rhythm.exclamation_ratio)


def _evidence(item: Evidence) -> None:
    _text("evidence.value", item.value)
    _text("evidence.cue", item.cue)
    _number("evidence.weight", item.weight)
    for end in (item.start, item.end):
        _kind("evidence.start and end", end, int, type(None))


def _messages(history: Sequence[Message]) -> None:
    for message in _items("history", history, Message):
        _text("history", message.content)


def _items(name: str, values: Sequence[_Item], kind: type[_Item]) -> Sequence[_Item]:
    _kind(name, values, tuple, list)
    for value in values:
        _kind(name, value, kind)
    return values


def _text(name: str, value: str) -> None:
    _kind(name, value, str)
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise ValueError(f"its {name} has a lone surrogate at {error.start}") from None


def _number(name: str, value: float) -> None:
    _kind(name, value, int, float)
    try:
        finite = math.isfinite(value)
    except OverflowError:
        finite = False  # an int that no float can hold
    if not finite:
        raise ValueError(f"its {name} is not finite")


def _decimal(name: str, value: Decimal) -> None:
    _kind(name, value, Decimal)
    if not value.is_finite():
        raise ValueError(f"its {name} is not finite")


def _kind(name: str, value: object, *kinds: type) -> None:
    if not isinstance(value, kinds):
        wanted = " or ".join(kind.__name__ for kind in kinds)
        text = f"its {name} holds {type(value).__name__} instead of {wanted}"
        raise ValueError(text)  # noqa: TRY004  one exception for every refusal
