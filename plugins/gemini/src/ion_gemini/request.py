"""A prompt in the words of the Gemini API.

The service caches what the beginnings of prompts have in common by itself and charges less for it,
so that what stays the same goes first: the system instruction begins with the persona's text and
ends with how to read this message. What users wrote and what was retrieved stands in ``contents``
alone, never among the instructions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ion_framework.domain.conversation import Role
from ion_framework.domain.dialogue import Dialogue
from ion_framework.domain.persona import GenerationParameters
from ion_gemini.settings import GeminiSettings

if TYPE_CHECKING:
    from google.genai import types

_ROLES = {Role.USER: "user", Role.ASSISTANT: "model"}

_HARMS = (
    "HARM_CATEGORY_HARASSMENT",
    "HARM_CATEGORY_HATE_SPEECH",
    "HARM_CATEGORY_SEXUALLY_EXPLICIT",
    "HARM_CATEGORY_DANGEROUS_CONTENT",
)


def contents_of(dialogue: Dialogue) -> list[types.ContentDict]:
    """Context, history and message, by roles that take turns, the user's first."""
    return [
        {"role": _ROLES[turn.role], "parts": [{"text": text} for text in turn.texts]}
        for turn in dialogue.turns
    ]


def config_of(
    system: str, asked: GenerationParameters, settings: GeminiSettings
) -> types.GenerateContentConfigDict:
    """Instructions and parameters; what is None is left to the model."""
    config: types.GenerateContentConfigDict = {
        "temperature": asked.temperature,
        "top_p": asked.top_p,
        "max_output_tokens": asked.max_output_tokens,
        # Plugins of ION run tools or nobody does; the SDK would call Python functions by itself.
        "automatic_function_calling": {"disable": True},
        # The SDK would ask again by itself after a stream broke off.
        "automatic_continuation": False,
    }
    if system:
        config["system_instruction"] = system
    if settings.safety_threshold is not None:
        config["safety_settings"] = _safety(settings.safety_threshold)
    thinking = _thinking(settings)
    if thinking:
        config["thinking_config"] = thinking
    return config


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
