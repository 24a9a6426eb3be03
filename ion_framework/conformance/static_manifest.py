"""Findings in the manifest and the names around it; nothing is imported."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ion_framework.conformance.catalogue import found
from ion_framework.conformance.findings import Finding
from ion_framework.conformance.subject import Subject
from ion_framework.conformance.substance import substance_findings
from ion_framework.domain.language import Language
from ion_framework.domain.persona import Persona
from ion_framework.errors import ManifestError
from ion_framework.manifest.model import API_MAJOR, MANIFEST_NAME, SettingType
from ion_framework.manifest.reading import read_manifest
from ion_framework.plugin_host.discovery import canonical
from ion_framework.plugin_host.record import Status

LONGEST: Mapping[str, int] = {
    "display_name": 40,
    "description": 500,
    "prompt_style": 500,
    "prompts.system": 12_000,
    "prompts.guidance": 4_000,
}
"""Characters up to which a text of a persona is sensible: a system text of 12,000 is about 3,000
tokens of English and 6,000 of Korean, which every turn pays for."""


def manifest_findings(subject: Subject) -> Iterator[Finding]:
    """What is wrong with the manifest and with the names that have to agree."""
    record = subject.record
    if subject.candidate.problem:
        yield found("package-missing", subject.candidate.target, problem=subject.candidate.problem)
    elif record.status is Status.INCOMPATIBLE:
        yield found("api-major", MANIFEST_NAME, problem=record.reason, offered=API_MAJOR)
    elif record.manifest is None:
        yield from _unreadable(subject)
    elif record.settings_problems:
        for problem in record.settings_problems:
            yield found("settings", f"plugin.{record.name}", problem=problem)
    elif record.status is Status.INVALID:
        yield found("entry-point", record.candidate.target, problem=record.reason)
    if record.manifest is not None:
        yield from _names(subject)
        yield from _ranges(subject)
    if subject.persona is not None:
        yield from _languages(subject.persona)
        yield from substance_findings(subject.persona)
        yield from _lengths(subject.persona)


def _unreadable(subject: Subject) -> Iterator[Finding]:
    """Every problem of the manifest, in the words of its reader."""
    folder = subject.candidate.folder
    if folder is None:
        return
    try:
        read_manifest(folder, subject.candidate.version)
    except ManifestError as error:
        for problem in error.problems:
            place = problem.removeprefix(f"{folder}/")
            yield found("manifest", MANIFEST_NAME, problem=place)


def _names(subject: Subject) -> Iterator[Finding]:
    candidate, name = subject.candidate, subject.candidate.name
    if candidate.folder is None:
        return
    given = {
        "distribution": canonical(candidate.distribution),
        "package": candidate.package.replace("_", "-"),
    }
    for part, text in given.items():
        if text != name and not text.endswith(f"-{name}"):
            kind = "ion-persona-" if subject.persona else "ion-"
            wanted = (
                f"{kind}{name}" if part == "distribution" else f"{kind}{name}".replace("-", "_")
            )
            yield found("name-not-carried", part, part=part, given=text, name=name, wanted=wanted)


_NUMBERS = (SettingType.INTEGER, SettingType.NUMBER)


def _ranges(subject: Subject) -> Iterator[Finding]:
    settings = subject.manifest.settings if subject.manifest else {}
    for key, spec in settings.items():
        bounds = {"minimum": spec.minimum, "maximum": spec.maximum}
        for bound, value in bounds.items():
            if spec.type in _NUMBERS and value is None:
                yield found("setting-without-range", f"settings.{key}", bound=bound)


def _languages(persona: Persona) -> Iterator[Finding]:
    for key, texts in _required(persona).items():
        for language in Language:
            if not texts.get(language):
                yield found(
                    "language-missing",
                    f"persona.{key}",
                    language=language.value,
                    key=f"persona.{key}.{language.value}",
                )
    for key, texts in _optional(persona).items():
        given = [language.value for language in Language if texts.get(language)]
        for language in Language:
            if given and not texts.get(language):
                yield found(
                    "language-partial",
                    f"persona.{key}",
                    given=", ".join(given),
                    language=language.value,
                    key=f"persona.{key}.{language.value}",
                )


def _required(persona: Persona) -> Mapping[str, Mapping[Language, object]]:
    return {
        "display_name": persona.display_name,
        "description": persona.description,
        "prompts.system": persona.prompts.system,
    }


def _optional(persona: Persona) -> Mapping[str, Mapping[Language, object]]:
    voice = persona.voice
    return {
        "traits": persona.traits,
        "strengths": persona.strengths,
        "keywords": persona.keywords,
        "prompt_style": persona.prompt_style,
        "prompts.guidance": persona.prompts.guidance,
        "voice.closing": voice.closing,
        "voice.refusal": voice.refusal,
        **{f"voice.opening.{tone}": texts for tone, texts in voice.opening.items()},
    }


def _lengths(persona: Persona) -> Iterator[Finding]:
    texts = {
        "display_name": persona.display_name,
        "description": persona.description,
        "prompt_style": persona.prompt_style,
        "prompts.system": persona.prompts.system,
        "prompts.guidance": persona.prompts.guidance,
    }
    for key, limit in LONGEST.items():
        for language, text in texts[key].items():
            if len(text) > limit:
                where = f"persona.{key}.{language.value}"
                yield found("text-too-long", where, length=len(text), limit=limit)
