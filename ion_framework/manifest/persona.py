"""A persona made of a table, and checked: of a manifest, or as a plugin provides it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import attrs

from ion_framework.domain.key import Tone
from ion_framework.domain.persona import (
    ROLE_MARK,
    Affinities,
    Collaboration,
    Persona,
    PersonaPrompts,
    Voice,
)
from ion_framework.domain.template import (
    GUIDANCE_NAMES,
    REMINDER_NAMES,
    SYSTEM_NAMES,
    unknown_names,
)
from ion_framework.errors import ManifestError
from ion_framework.manifest.lorebook import lorebook_problems, lorebook_table
from ion_framework.manifest.model import PersonaTable
from ion_framework.structuring import structure

NAME_PATTERN = r"[a-z][a-z0-9]*(-[a-z0-9]+)*"
"""What names of plugins and personas look like."""

_NAME = re.compile(NAME_PATTERN)
_MAX_NAME = 64


def name_problem(name: object) -> str:
    """What is wrong with the name of a plugin or persona, empty where nothing is."""
    if isinstance(name, str) and _NAME.fullmatch(name) and len(name) <= _MAX_NAME:
        return ""
    return (
        f"{name!r} is not valid; use up to {_MAX_NAME} lower-case letters, digits and single "
        "dashes, a letter first"
    )


def read_persona(table: object, name: str, version: str, file: str) -> Persona:
    """Make a persona of the ``[persona]`` table of a manifest.

    Args:
        table: the table.
        name: name of the plugin, which is that of the persona.
        version: version of the distribution, for a persona that states none.
        file: name of the manifest, for errors.

    Raises:
        ManifestError: keys are unknown or missing, or values are wrong; every one is named.
    """
    if not isinstance(table, dict):
        raise ManifestError(f"{file}: persona: must be a table")
    if "lorebook" in table:
        table = {**table, "lorebook": lorebook_table(table["lorebook"], file)}
    raw = structure(table, PersonaTable, "persona", file)
    shown = raw.display_name or {language: name.capitalize() for language in raw.prompts.system}
    return Persona(
        name=name,
        version=raw.version or version,
        display_name=shown,
        description=raw.description,
        traits=raw.traits,
        strengths=raw.strengths,
        affinities=Affinities(raw.affinities.tone, raw.affinities.pace, raw.affinities.intent),
        prompts=PersonaPrompts(raw.prompts.system, raw.prompts.guidance, raw.prompts.reminder),
        rank=raw.rank,
        keywords=raw.keywords,
        prompt_style=raw.prompt_style,
        preferred_tones=raw.preferred_tones,
        examples=raw.examples,
        voice=Voice(raw.voice.opening, raw.voice.closing, raw.voice.refusal),
        cache=raw.cache,
        parameters=raw.parameters,
        ensemble=raw.ensemble,
        greetings=raw.greetings,
        lorebook=raw.lorebook,
    )


def persona_problems(persona: Persona) -> tuple[str, ...]:
    """What is wrong with the texts of a persona; each sentence begins with the key."""
    prompts, problems = persona.prompts, []
    for key, texts, names in (
        ("system", prompts.system, SYSTEM_NAMES),
        ("guidance", prompts.guidance, GUIDANCE_NAMES),
        ("reminder", prompts.reminder, REMINDER_NAMES),
    ):
        for language, text in texts.items():
            where = f"persona.prompts.{key}.{language.value}"
            problems += [
                f"{where}: unknown placeholder {{{{{name}}}}}; valid are: {', '.join(names)}"
                for name in unknown_names(text, names)
            ]
            if not text.strip():
                problems.append(f"{where}: is empty")
    if not prompts.system:
        problems.append("persona.prompts.system: give a text in at least one language")
    problems += [
        f"persona.voice.opening.{key}: is no tone; valid are: {', '.join(_OPENINGS)}"
        for key in persona.voice.opening
        if key not in _OPENINGS
    ]
    problems += lorebook_problems(persona.lorebook)
    problems += _ensemble_problems(persona.name, persona.ensemble)
    return tuple(problems)


def _ensemble_problems(name: str, ensemble: Collaboration) -> list[str]:
    problems = []
    if ensemble.role and name_problem(ensemble.role):
        problems.append(f"persona.ensemble.role: {name_problem(ensemble.role)}")
    for index, entry in enumerate(ensemble.after):
        where = f"persona.ensemble.after.{index}"
        wrong = name_problem(entry.removeprefix(ROLE_MARK))
        if wrong:
            problems.append(f"{where}: {wrong}; {ROLE_MARK}evidence names a role")
        elif entry in (name, f"{ROLE_MARK}{ensemble.role}"):
            problems.append(f"{where}: {entry!r} is the persona itself; name others")
    return problems


_OPENINGS = (*Tone, "any")


def check_provided(persona: Persona, version: str) -> Persona:
    """A persona that a plugin made itself, read as if it stood in a manifest.

    Args:
        persona: the persona.
        version: version of the distribution, for a persona that states none.

    Raises:
        ManifestError: a manifest that said the same would be refused; says why.
    """
    wrong = name_problem(persona.name)
    if wrong:
        raise ManifestError(f"ion_provide_personas: name: {wrong}")
    place = f"ion_provide_personas: {persona.name}"
    checked = read_persona(table_of(persona), persona.name, version, place)
    problems = persona_problems(checked)
    if problems:
        raise ManifestError(*(f"{place}: {problem}" for problem in problems))
    return checked


def table_of(persona: Persona) -> dict[str, Any]:
    """The ``[persona]`` table that makes this persona, every key in it."""
    table = {field.name: _plain(getattr(persona, field.name)) for field in attrs.fields(Persona)}
    del table["name"]
    return table


def _plain(value: Any) -> Any:
    """A value as TOML would have brought it."""
    if isinstance(value, StrEnum):
        return value.value
    if attrs.has(type(value)):
        fields = {field.name: getattr(value, field.name) for field in attrs.fields(type(value))}
        return {name: _plain(item) for name, item in fields.items() if item is not None}
    if isinstance(value, Mapping):
        return {_plain(key): _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value
