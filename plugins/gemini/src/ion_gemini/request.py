"""A prompt in the words of the Gemini API.

The service caches what the beginnings of prompts have in common by itself and charges less for it,
so that what stays the same goes first: the system instruction begins with the persona's text and
ends with how to read this message. What users wrote and what was retrieved stands in ``contents``
alone, never among the instructions.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import TYPE_CHECKING

from ion_framework.domain.conversation import Role
from ion_framework.domain.prompt import Prompt
from ion_framework.errors import FailureCause, GenerationError
from ion_gemini.settings import GeminiSettings

if TYPE_CHECKING:
    from google.genai import types

_USER, _MODEL = "user", "model"
_LEFT_OUT = "…"
"""Stands for the user's messages that a shortened history begins after: a user has to begin."""

_HARMS = (
    "HARM_CATEGORY_HARASSMENT",
    "HARM_CATEGORY_HATE_SPEECH",
    "HARM_CATEGORY_SEXUALLY_EXPLICIT",
    "HARM_CATEGORY_DANGEROUS_CONTENT",
)


def contents_of(prompt: Prompt) -> list[types.ContentDict]:
    """Context, history and message, by roles that take turns, the user's first.

    Raises:
        GenerationError: ``rejected``: there is nothing to answer.
    """
    said = [(role, text) for role, text in _said(prompt) if text.strip()]
    if not said:
        raise GenerationError(FailureCause.REJECTED, "the prompt has no message to answer", tries=0)
    if said[0][0] == _MODEL:
        said.insert(0, (_USER, _LEFT_OUT))
    return [
        {"role": role, "parts": [{"text": text} for _, text in texts]}
        for role, texts in groupby(said, key=lambda item: item[0])
    ]


def config_of(prompt: Prompt, settings: GeminiSettings) -> types.GenerateContentConfigDict:
    """Instructions and parameters; what is None is left to the model."""
    asked = prompt.parameters
    config: types.GenerateContentConfigDict = {
        "temperature": asked.temperature,
        "top_p": asked.top_p,
        "max_output_tokens": asked.max_output_tokens,
        # Plugins of ION run tools or nobody does; the SDK would call Python functions by itself.
        "automatic_function_calling": {"disable": True},
        # The SDK would ask again by itself after a stream broke off.
        "automatic_continuation": False,
    }
    if prompt.system.strip():
        config["system_instruction"] = prompt.system
    if settings.safety_threshold is not None:
        config["safety_settings"] = _safety(settings.safety_threshold)
    thinking = _thinking(settings)
    if thinking:
        config["thinking_config"] = thinking
    return config


def _said(prompt: Prompt) -> Iterator[tuple[str, str]]:
    yield _USER, prompt.context
    for message in prompt.history:
        yield (_MODEL if message.role is Role.ASSISTANT else _USER), message.content
    yield _USER, prompt.user


def _safety(threshold: str) -> list[types.SafetySettingDict]:
    from google.genai import types  # heavy, and loaded by now: the client is made

    level = types.HarmBlockThreshold(threshold)
    return [{"category": types.HarmCategory(harm), "threshold": level} for harm in _HARMS]


def _thinking(settings: GeminiSettings) -> types.ThinkingConfigDict:
    from google.genai import types  # as above

    if settings.thinking_budget is not None:
        return {"thinking_budget": settings.thinking_budget}
    if settings.thinking_level is not None:
        return {"thinking_level": types.ThinkingLevel(settings.thinking_level.upper())}
    return {}
