"""Whether everything is there that a turn needs."""

from __future__ import annotations

from collections.abc import Iterable

from ion_framework.cli.checks.finding import Finding, error, ok, warning
from ion_framework.domain.language import Language
from ion_framework.domain.persona import Persona
from ion_framework.ensemble.order import steps_of
from ion_framework.errors import PluginOrderError
from ion_framework.manifest.model import Kind
from ion_framework.plugin_host.losses import EFFECTS
from ion_framework.plugin_host.record import PluginRecord, Status

_NEEDED = {
    Kind.ANALYZER: ("ion-resonance", EFFECTS[Kind.ANALYZER]),
    Kind.ROUTER: ("ion-resonance", EFFECTS[Kind.ROUTER]),
    Kind.GENERATOR: ("ion-offline (needs no key and no network)", EFFECTS[Kind.GENERATOR]),
    Kind.PERSONA: ("ion-persona-lua", EFFECTS[Kind.PERSONA]),
}
_USEFUL = {
    Kind.CACHE: ("ion-two-tier-cache", "every answer is generated anew"),
    Kind.HOST: ("ion-host-aiohttp", "the command ion serve does not exist"),
}


RUNNABLE = (Status.ACTIVE, Status.READY)
"""What runs, or would if the start had not been stopped."""


def check_parts(records: Iterable[PluginRecord], personas: Iterable[Persona]) -> list[Finding]:
    """A finding for each kind of part: which plugins bring it, or what to install.

    Args:
        records: the plugins after activation.
        personas: the personas that they bring.
    """
    active = [record for record in records if record.status in RUNNABLE]
    findings = []
    for kind, (distribution, effect) in {**_NEEDED, **_USEFUL}.items():
        names = [record.name for record in active if kind in record.provides]
        if kind is Kind.PERSONA:
            names = [persona.name for persona in personas]
        make = error if kind in _NEEDED else warning
        findings.append(
            ok(kind.value, ", ".join(names))
            if names
            else make(
                kind.value,
                f"no {kind.value} is active",
                cause=effect,
                fix=f"install one, for example {distribution}, or enable one that is installed",
            )
        )
    return [*findings, *_only_fallbacks(active)]


def _only_fallbacks(active: list[PluginRecord]) -> list[Finding]:
    generators = [r for r in active if Kind.GENERATOR in r.provides and r.manifest]
    if not generators or not all(r.manifest and r.manifest.fallback for r in generators):
        return []
    return [ok("model", "no language model is set up; answers come from the offline generator")]


def check_ensemble(personas: Iterable[Persona], records: Iterable[PluginRecord]) -> Finding:
    """Whether all personas could answer one message together: none waits for itself.

    Args:
        personas: the personas.
        records: the plugins that bring them.
    """
    known = tuple(personas)
    try:
        steps = steps_of(known)
    except PluginOrderError as failure:
        cause, _, fix = str(failure).partition("; ")
        urls, words = _issues_urls(records), cause.split()
        return error(
            "ensemble",
            "not all personas can answer one message together",
            cause=cause,
            fix=f"{fix}, or disable one of these personas",
            report=next((urls[name] for name in words if name in urls), ""),
        )
    count = len(known)
    return ok(
        "ensemble", f"{count} personas can answer one message together, in {len(steps)} steps"
    )


def _issues_urls(records: Iterable[PluginRecord]) -> dict[str, str]:
    return {r.name: r.candidate.issues_url for r in records if r.candidate.issues_url}


def check_languages(
    personas: Iterable[Persona], records: Iterable[PluginRecord] = ()
) -> list[Finding]:
    """A warning for every persona that lacks texts in a language that ION speaks.

    Args:
        personas: the personas.
        records: the plugins that bring them.
    """
    findings, urls = [], _issues_urls(records)
    for persona in personas:
        missing = missing_texts(persona)
        findings.append(
            warning(
                f"persona {persona.name}",
                f"has no text for {', '.join(missing)}",
                cause="turns in that language fall back to texts of another",
                fix="add these keys to [persona] in its ion-plugin.toml",
                report=urls.get(persona.name, ""),
            )
            if missing
            else ok(f"persona {persona.name}", "speaks Korean and English")
        )
    return findings


def missing_texts(persona: Persona) -> tuple[str, ...]:
    """Keys of the manifest that have a text in one language and lack it in another."""
    texts = {
        "display_name": persona.display_name,
        "description": persona.description,
        "traits": persona.traits,
        "strengths": persona.strengths,
        "prompt_style": persona.prompt_style,
        "prompts.system": persona.prompts.system,
        "prompts.guidance": persona.prompts.guidance,
        **{f"voice.opening.{tone}": lines for tone, lines in persona.voice.opening.items()},
        "voice.closing": persona.voice.closing,
    }
    return tuple(
        f"{key}.{language.value}"
        for key, given in texts.items()
        for language in Language
        if given and language not in given
    )
