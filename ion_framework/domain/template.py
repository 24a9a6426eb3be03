"""Prompt templates: ``{{name}}`` from a closed list, and nothing else.

No expressions, no attribute access, no second pass over what was put in: a template cannot run
anything, and text that a user wrote cannot become a placeholder.

What shall stand in the prompt as it is, braces and all, is written ``{{!text}}`` and becomes
``{{text}}``: texts of character cards hold macros of other programs, which ION does not run and
does not lose.

Texts that follow the conventions of character cards (entries of a lorebook, greetings) are
rendered by `render_card`: it knows ``{{char}}`` and ``{{user}}`` as well, leaves out comments, and
leaves every other macro as it stands.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from ion_framework.errors import TemplateError

_COMMON: Mapping[str, str] = {
    "persona_name": "the persona's display name in the language of the message",
    "language": "the language to answer in, by its own name (English, 한국어)",
    "user_name": "a word for whoever writes (the user, 사용자); never their name",
}

SYSTEM_NAMES: Mapping[str, str] = {
    **_COMMON,
    "original": "ION's own text for this place: how to answer as a persona",
    "lore_before": "constant entries of the lorebook that stand before the character",
    "lore_after": "constant entries of the lorebook that stand after the character",
}
"""Names that a system text may use. None of them changes from turn to turn of one language."""

REMINDER_NAMES: Mapping[str, str] = {
    **_COMMON,
    "original": "nothing: ION has no text of its own for this place",
}
"""Names that a reminder may use."""

GUIDANCE_NAMES: Mapping[str, str] = {
    **_COMMON,
    "tone": "the tone of the message in words",
    "pace": "the pace of the message in words",
    "intent": "the intent of the message in words",
    "resonance_key": "the resonance key, as calm-medium-learning",
}
"""Names that a guidance text may use."""

LITERAL = "!"
"""What a placeholder begins with that stands for itself."""

_PLACEHOLDER = re.compile(r"\{\{([^{}]*)\}\}")
"""One part without alternatives: white space around the name is taken off afterwards, because a
pattern that did it would take time in the cube of a run of spaces."""

CARD_NAMES: Mapping[str, str] = {"char": "persona_name", "user": "user_name"}
"""Names of ours by the names that character cards use, in any case."""

_TAGS = {"char": "persona_name", "bot": "persona_name", "user": "user_name"}

_CARD_PLACEHOLDER = re.compile(r"\{\{([^{}]*)\}\}|<(char|bot|user)>", re.IGNORECASE)

_COMMENTS = ("//", "comment:", "hidden_key:")
"""What macros of cards begin with that say nothing to a model."""


def unknown_names(text: str, allowed: Mapping[str, str]) -> tuple[str, ...]:
    """The placeholders of a text that are not allowed in it, in order, each once."""
    used = dict.fromkeys(name.strip() for name in _PLACEHOLDER.findall(text))
    return tuple(name for name in used if name not in allowed and not name.startswith(LITERAL))


def render(text: str, values: Mapping[str, str]) -> str:
    """Put values in the place of placeholders, in a single pass.

    Raises:
        TemplateError: the text uses a name without a value; lists the names that exist.
    """

    def value(match: re.Match[str]) -> str:
        name = match[1].strip()
        if name.startswith(LITERAL):
            return "{{" + name.removeprefix(LITERAL) + "}}"
        try:
            return values[name]
        except KeyError:
            raise TemplateError(
                f"unknown placeholder {{{{{name}}}}}; valid are: {', '.join(sorted(values))}"
            ) from None

    return _PLACEHOLDER.sub(value, text)


def render_card(text: str, values: Mapping[str, str]) -> str:
    """A text of a character card with the values of the names that it may use.

    Args:
        text: the text.
        values: values by names of ours.
    """

    def value(match: re.Match[str]) -> str:
        if match[2]:
            return values[_TAGS[match[2].lower()]]
        if is_comment(match[1]):
            return ""
        name = match[1].strip().lower()
        return values.get(CARD_NAMES.get(name, name), match[0])

    return _CARD_PLACEHOLDER.sub(value, text)


def from_card(text: str) -> str:
    """A text of a character card as a template of ours: the same names, all else literal.

    Args:
        text: the text. ``{{char}}``, ``{{user}}`` and ``{{original}}``, in any case, and the tags
            ``<char>``, ``<bot>`` and ``<user>`` become names of ours; comments are left out.
    """

    def name_of(match: re.Match[str]) -> str:
        if match[2]:
            return "{{" + _TAGS[match[2].lower()] + "}}"
        if is_comment(match[1]):
            return ""
        name = match[1].strip().lower()
        ours = CARD_NAMES.get(name, "original" if name == "original" else "")
        return "{{" + (ours or LITERAL + match[1]) + "}}"

    return _CARD_PLACEHOLDER.sub(name_of, text)


def to_card(text: str, values: Mapping[str, str]) -> str:
    """A template of ours as a text of a character card.

    Args:
        text: the template.
        values: values for the names that cards do not know.
    """
    theirs = {ours: name for name, ours in CARD_NAMES.items()}

    def name_of(match: re.Match[str]) -> str:
        name = match[1].strip()
        if name.startswith(LITERAL):
            return "{{" + match[1].lstrip().removeprefix(LITERAL) + "}}"
        if name in theirs:
            return "{{" + theirs[name] + "}}"
        return values.get(name, match[0])

    return _PLACEHOLDER.sub(name_of, text)


def is_comment(macro: str) -> bool:
    """Whether a macro of a card, without its braces, is a remark that no model sees."""
    return macro.lstrip().lower().startswith(_COMMENTS)
