"""Findings in what a persona's texts say: Korean that is none, and text that was never written."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from ion_framework.conformance.catalogue import found
from ion_framework.conformance.findings import Finding
from ion_framework.domain.language import Language
from ion_framework.domain.persona import Persona

_HANGUL = re.compile(r"[가-힣]")
_PLACEHOLDER = re.compile(
    r"^\W*(?:TO[D]O|FIX[M]E|TBD|X{3})\b.*|\blorem ipsum\b[^\n]*", re.MULTILINE | re.IGNORECASE
)
_SHOWN = 40


def substance_findings(persona: Persona) -> Iterator[Finding]:
    """What is wrong with the words of a persona.

    Args:
        persona: the persona.
    """
    for key, texts in _texts(persona).items():
        korean, english = texts.get(Language.KOREAN, ()), texts.get(Language.ENGLISH, ())
        if korean and (korean == english or not _HANGUL.search("".join(korean))):
            yield found("text-not-korean", f"persona.{key}.ko")
        for language, parts in texts.items():
            match = _PLACEHOLDER.search("\n".join(parts))
            if match:
                where = f"persona.{key}.{language.value}"
                yield found("text-placeholder", where, text=match[0].strip()[:_SHOWN])


def _texts(persona: Persona) -> Mapping[str, Mapping[Language, tuple[str, ...]]]:
    """The texts of a persona by key; not its name, which may be the same everywhere."""
    voice = persona.voice
    tables: Mapping[str, Mapping[Language, str | Iterable[str]]] = {
        "description": persona.description,
        "traits": persona.traits,
        "strengths": persona.strengths,
        "keywords": persona.keywords,
        "prompt_style": persona.prompt_style,
        "prompts.system": persona.prompts.system,
        "prompts.guidance": persona.prompts.guidance,
        "voice.closing": voice.closing,
        "voice.refusal": voice.refusal,
        **{f"voice.opening.{tone}": texts for tone, texts in voice.opening.items()},
    }
    return {
        key: {
            language: (text,) if isinstance(text, str) else tuple(text)
            for language, text in table.items()
        }
        for key, table in tables.items()
    }
