"""Prompt templates: ``{{name}}`` from a closed list, and nothing else.

No expressions, no attribute access, no second pass over what was put in: a template cannot run
anything, and text that a user wrote cannot become a placeholder.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from ion_framework.errors import TemplateError

SYSTEM_NAMES: Mapping[str, str] = {
    "persona_name": "the persona's display name in the language of the message",
    "language": "the language to answer in, by its own name (English, 한국어)",
}
"""Names that a system text may use. None of them changes from turn to turn of one language."""

GUIDANCE_NAMES: Mapping[str, str] = {
    **SYSTEM_NAMES,
    "tone": "the tone of the message in words",
    "pace": "the pace of the message in words",
    "intent": "the intent of the message in words",
    "resonance_key": "the resonance key, as calm-medium-learning",
}
"""Names that a guidance text may use."""

_PLACEHOLDER = re.compile(r"\{\{([^{}]*)\}\}")
"""One part without alternatives: white space around the name is taken off afterwards, because a
pattern that did it would take time in the cube of a run of spaces."""


def unknown_names(text: str, allowed: Mapping[str, str]) -> tuple[str, ...]:
    """The placeholders of a text that are not allowed in it, in order, each once."""
    used = dict.fromkeys(name.strip() for name in _PLACEHOLDER.findall(text))
    return tuple(name for name in used if name not in allowed)


def render(text: str, values: Mapping[str, str]) -> str:
    """Put values in the place of placeholders, in a single pass.

    Raises:
        TemplateError: the text uses a name without a value; lists the names that exist.
    """

    def value(match: re.Match[str]) -> str:
        name = match[1].strip()
        try:
            return values[name]
        except KeyError:
            raise TemplateError(
                f"unknown placeholder {{{{{name}}}}}; valid are: {', '.join(sorted(values))}"
            ) from None

    return _PLACEHOLDER.sub(value, text)
