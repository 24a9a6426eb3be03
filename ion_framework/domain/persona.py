"""A persona as data: who it is, what it is drawn to, how it speaks."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from typing import TypeAlias

import attrs

from ion_framework.domain.frozen import frozen
from ion_framework.domain.key import Intent, Pace, ResonanceKey, Tone
from ion_framework.domain.language import Language
from ion_framework.domain.lorebook import Lorebook

Localized: TypeAlias = Mapping[Language, str]
LocalizedList: TypeAlias = Mapping[Language, tuple[str, ...]]

NEUTRAL = Decimal("0.5")
"""Affinity of a tone, pace or intent that a manifest does not name."""

DEFAULT_RANK = 1000
"""Rank of a persona that names none; the lower rank wins a tie."""


def pick(texts: Mapping[Language, str], language: Language) -> str:
    """The text in this language, else in English, else in the first language there is."""
    return texts.get(language) or texts.get(Language.ENGLISH) or next(iter(texts.values()), "")


def pick_list(texts: LocalizedList, language: Language) -> tuple[str, ...]:
    """The list in this language, else in English, else in the first language there is."""
    return texts.get(language) or texts.get(Language.ENGLISH) or next(iter(texts.values()), ())


@attrs.frozen
class Affinities:
    """How strongly a persona is drawn to each tone, pace and intent: exact decimals, 0 to 1."""

    tone: Mapping[Tone, Decimal] = attrs.field(factory=dict, converter=frozen)
    pace: Mapping[Pace, Decimal] = attrs.field(factory=dict, converter=frozen)
    intent: Mapping[Intent, Decimal] = attrs.field(factory=dict, converter=frozen)

    def of(self, key: ResonanceKey) -> tuple[Decimal, Decimal, Decimal]:
        """The affinities for the key's tone, pace and intent; 0.5 where none is stated."""
        return (
            self.tone.get(key.tone, NEUTRAL),
            self.pace.get(key.pace, NEUTRAL),
            self.intent.get(key.intent, NEUTRAL),
        )


class CacheScope(StrEnum):
    """Who may be served a stored answer of a persona."""

    PRINCIPAL = "principal"
    SHARED = "shared"


@attrs.frozen
class CachePolicy:
    """How answers of a persona are stored.

    Attributes:
        scope: ``principal``: only the caller who asked; ``shared``: every caller of the tenant,
            for turns without history and user context. A shared cache tells by its speed
            whether somebody asked the same before.
        ttl_s: seconds that an answer is kept, 1 to 86400.
    """

    scope: CacheScope = CacheScope.PRINCIPAL
    ttl_s: int = attrs.field(
        default=600,
        validator=attrs.validators.and_(attrs.validators.ge(1), attrs.validators.le(86400)),
    )


@attrs.frozen
class GenerationParameters:
    """What a generator is asked for; None leaves it to the model's default.

    Attributes:
        temperature: 0 to 2.
        top_p: above 0, up to 1.
        max_output_tokens: 1 to 65536.
    """

    temperature: float | None = attrs.field(
        default=None,
        validator=attrs.validators.optional([attrs.validators.ge(0), attrs.validators.le(2)]),
    )
    top_p: float | None = attrs.field(
        default=None,
        validator=attrs.validators.optional([attrs.validators.gt(0), attrs.validators.le(1)]),
    )
    max_output_tokens: int | None = attrs.field(
        default=None,
        validator=attrs.validators.optional([attrs.validators.ge(1), attrs.validators.le(65536)]),
    )


ROLE_MARK = "role:"
"""What an entry of `Collaboration.after` begins with that names a role."""


@attrs.frozen
class Collaboration:
    """How a persona works with others on one message.

    Attributes:
        role: what it does for the others, one word of its own choice (``evidence``); empty
            without one.
        after: on whose answers it builds: names of personas, or ``role:`` with a role. Those who
            take part answer before it, and it sees their answers.
    """

    role: str = ""
    after: tuple[str, ...] = ()

    def builds_on(self, other: Persona) -> bool:
        """Whether the one who declares this answers after another persona."""
        role = f"{ROLE_MARK}{other.ensemble.role}" if other.ensemble.role else None
        return other.name in self.after or role in self.after


@attrs.frozen
class Example:
    """A short exchange that shows how the persona speaks.

    Attributes:
        user: what somebody writes.
        reply: what the persona answers.
        language: the language of both.
    """

    user: str
    reply: str
    language: Language


@attrs.frozen
class PersonaPrompts:
    """Prompt texts per language; `ion_framework.domain.template` lists the names they may use.

    Attributes:
        system: who the persona is and how it works. Holds nothing that changes from turn to turn,
            so that models can cache it.
        guidance: what to heed in this very turn (tone, pace, intent); empty uses the
            framework's own.
        reminder: what the model is reminded of right before the message to answer, so that a long
            conversation does not wear the persona away; empty without one.
    """

    system: Localized = attrs.field(converter=frozen)
    guidance: Localized = attrs.field(factory=dict, converter=frozen)
    reminder: Localized = attrs.field(factory=dict, converter=frozen)


@attrs.frozen
class Voice:
    """Phrases for an answer that is put together without a language model.

    Attributes:
        opening: how the persona begins, per tone of the message; the key ``any`` serves the rest.
        closing: how it ends; one of them is used.
        refusal: what it says where the model declines to answer; the first is used.
    """

    opening: Mapping[str, LocalizedList] = attrs.field(factory=dict, converter=frozen)
    closing: LocalizedList = attrs.field(factory=dict, converter=frozen)
    refusal: LocalizedList = attrs.field(factory=dict, converter=frozen)


def find_persona(name: str, personas: Mapping[str, Persona]) -> Persona | None:
    """The persona of this name or display name in any language; case and space do not matter.

    Args:
        name: what somebody wrote.
        personas: the personas by name.
    """
    wanted = name.strip().casefold()
    if wanted in personas:
        return personas[wanted]
    for persona in personas.values():
        if wanted in (shown.casefold() for shown in persona.display_name.values()):
            return persona
    return None


@attrs.frozen
class Persona:
    """A persona as its manifest describes it.

    Attributes:
        name: unique name, lower case (``lua``).
        version: version of the persona; part of every cache key.
        display_name: the name that people see, per language.
        description: one or two sentences, per language.
        traits: what it is like.
        strengths: what it is good at.
        keywords: words of scenarios for which it is recommended; its traits where there are none.
        affinities: what it is drawn to; its routing scores come from nothing else.
        prompts: its prompt texts.
        rank: decides ties, lower first.
        prompt_style: manner of speaking in a few words, per language.
        preferred_tones: the tones it considers its own.
        examples: exchanges that show its voice.
        voice: phrases for answers without a model.
        cache: how its answers are stored.
        parameters: what it asks of a generator.
        ensemble: how it works with other personas on one message.
        greetings: what it may open a conversation with, for whoever shows one; they are no part of
            a prompt, and `greetings_of` fills in their names.
        lorebook: what it knows, put into a prompt when the conversation touches it.
    """

    name: str
    version: str
    display_name: Localized = attrs.field(converter=frozen)
    description: Localized = attrs.field(converter=frozen)
    traits: LocalizedList = attrs.field(converter=frozen)
    strengths: LocalizedList = attrs.field(converter=frozen)
    affinities: Affinities
    prompts: PersonaPrompts
    rank: int = DEFAULT_RANK
    keywords: LocalizedList = attrs.field(factory=dict, converter=frozen)
    prompt_style: Localized = attrs.field(factory=dict, converter=frozen)
    preferred_tones: tuple[Tone, ...] = ()
    examples: tuple[Example, ...] = ()
    voice: Voice = attrs.field(factory=Voice)
    cache: CachePolicy = attrs.field(factory=CachePolicy)
    parameters: GenerationParameters = attrs.field(factory=GenerationParameters)
    ensemble: Collaboration = attrs.field(factory=Collaboration)
    greetings: LocalizedList = attrs.field(factory=dict, converter=frozen)
    lorebook: Lorebook = attrs.field(factory=Lorebook)

    @property
    def languages(self) -> tuple[Language, ...]:
        """The languages for which the persona has its own system prompt."""
        return tuple(self.prompts.system)

    def shown_name(self, language: Language = Language.ENGLISH) -> str:
        """The name that people see, in their language."""
        return pick(self.display_name, language) or self.name
