"""What an ``ion-plugin.toml`` may say, as frozen classes.

The classes mirror the file: a field is a key, its docstring is the key's documentation.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum

import attrs

from ion_framework.domain.key import Intent, Pace, Tone
from ion_framework.domain.lorebook import Lorebook
from ion_framework.domain.persona import (
    DEFAULT_RANK,
    CachePolicy,
    Collaboration,
    Example,
    GenerationParameters,
    Localized,
    LocalizedList,
    Persona,
)
from ion_framework.domain.sentences import Sentences
from ion_framework.settings.model import NOT_IN_FILES

API_MAJOR = 1
"""The plugin API that this core offers. A manifest names the one it was written for."""

MANIFEST_NAME = "ion-plugin.toml"


class Kind(StrEnum):
    """What a plugin provides."""

    PERSONA = "persona"
    ANALYZER = "analyzer"
    ROUTER = "router"
    CACHE = "cache"
    GENERATOR = "generator"
    STORE = "store"
    MONITOR = "monitor"
    GUARD = "guard"
    SECRETS = "secrets"
    HOST = "host"
    EXTENSION = "extension"


class SettingType(StrEnum):
    """Type of one setting of a plugin."""

    STRING = "string"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    LIST = "list"
    SECRET = "secret"  # noqa: S105  the name of a type, not a password


class FileAccess(StrEnum):
    """What a plugin does with files outside its own package."""

    NONE = "none"
    READ = "read"
    WRITE = "write"


@attrs.frozen
class Capabilities:
    """What the plugin says it does beyond computing; shown to operators, not enforced.

    Attributes:
        network: it opens network connections.
        files: it reads or writes files outside its own package.
        environment: variables that it reads itself (those of its settings need no mention).
    """

    network: bool = False
    files: FileAccess = FileAccess.NONE
    environment: tuple[str, ...] = ()


@attrs.frozen
class SettingSpec:
    """One setting of the plugin, written in ``[plugin.<name>]`` of ``ion.toml``.

    Attributes:
        type: ``string``, ``integer``, ``number``, ``boolean``, ``list`` (of strings) or
            ``secret`` (a string that no log or error shows).
        description: what it means, with unit and range.
        env: variables that set it, the first that is set wins over the file.
        default: its value when nothing sets it.
        choices: the only values a string may have.
        minimum: smallest value of an integer or number.
        maximum: largest value of an integer or number.
    """

    type: SettingType
    description: str
    env: tuple[str, ...] = ()
    default: str | int | float | bool | tuple[str, ...] | None = None
    choices: tuple[str, ...] = ()
    minimum: int | float | None = None
    maximum: int | float | None = None


@attrs.frozen
class CommandSpec:
    """A command that the plugin adds to ``ion``.

    Attributes:
        run: ``package.module:command``, a click command; imported when it is called.
        summary: one line for ``ion --help``.
    """

    run: str
    summary: str = ""


@attrs.frozen
class AffinityTable:
    """Affinities, each 0 to 1; what is not named is 0.5.

    Attributes:
        tone: how strongly the persona is drawn to each tone; half of its score.
        pace: likewise to each pace; three tenths of its score.
        intent: likewise to each intent; a fifth of its score.
    """

    tone: Mapping[Tone, Decimal] = attrs.field(factory=dict)
    pace: Mapping[Pace, Decimal] = attrs.field(factory=dict)
    intent: Mapping[Intent, Decimal] = attrs.field(factory=dict)


@attrs.frozen
class PromptTable:
    """Prompt texts: a text, or a table of texts per language; a text may be ``{ file = "…" }``."""

    system: Localized
    guidance: Localized = attrs.field(factory=dict)
    reminder: Localized = attrs.field(factory=dict)


@attrs.frozen
class VoiceTable:
    """Phrases for answers without a model."""

    opening: Mapping[str, LocalizedList] = attrs.field(factory=dict)
    closing: LocalizedList = attrs.field(factory=dict)
    refusal: LocalizedList = attrs.field(factory=dict)


@attrs.frozen
class PersonaTable:
    """The ``[persona]`` table; `ion_framework.domain.persona.Persona` says what each key means.

    Besides a table, ``lorebook`` may be ``{ file = "lorebook.json" }``, a file in the form of a
    character card's lorebook, or a list of such files and tables: then the entries of all count,
    and the settings of the first.
    """

    description: Localized
    prompts: PromptTable
    affinities: AffinityTable = attrs.field(factory=AffinityTable)
    display_name: Localized = attrs.field(factory=dict)
    traits: LocalizedList = attrs.field(factory=dict)
    strengths: LocalizedList = attrs.field(factory=dict)
    keywords: LocalizedList = attrs.field(factory=dict)
    prompt_style: Localized = attrs.field(factory=dict)
    preferred_tones: tuple[Tone, ...] = ()
    rank: int = DEFAULT_RANK
    version: str = ""
    examples: tuple[Example, ...] = ()
    voice: VoiceTable = attrs.field(factory=VoiceTable)
    cache: CachePolicy = attrs.field(factory=CachePolicy)
    parameters: GenerationParameters = attrs.field(factory=GenerationParameters)
    ensemble: Collaboration = attrs.field(factory=Collaboration)
    greetings: LocalizedList = attrs.field(factory=dict)
    lorebook: Lorebook = attrs.field(factory=Lorebook)


@attrs.frozen
class Manifest:
    """A whole manifest.

    Attributes:
        name: unique name of the plugin; the same as its entry point's.
        summary: one line.
        provides: what kinds of plugin this is.
        ion_api: the integer API major of the core that it was written for.
        before: names of plugins that its hooks go before.
        after: names of plugins that its hooks go after.
        fallback: its hooks come last.
        blocking: its sync hooks may block; they run in a bounded pool of threads.
        needs: groups of settings; the plugin is IDLE until of each group one has a value.
        capabilities: what it does beyond computing.
        settings: its settings.
        commands: its commands.
        texts: a TOML file inside the package with sentences of the plugin's own, and with other
            wordings and further languages of the host's (``ion_framework.manifest.texts`` shows
            its form); of a host, a folder of such files. A plugin with texts needs no code.
        persona: the persona, for a plugin that provides one.
        sentences: what the file holds; a host's are read when it serves.
    """

    name: str
    summary: str
    provides: tuple[Kind, ...]
    ion_api: int
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    fallback: bool = False
    blocking: bool = False
    needs: tuple[tuple[str, ...], ...] = ()
    capabilities: Capabilities = attrs.field(factory=Capabilities)
    settings: Mapping[str, SettingSpec] = attrs.field(factory=dict)
    commands: Mapping[str, CommandSpec] = attrs.field(factory=dict)
    texts: str = ""
    persona: Persona | None = None
    sentences: Sentences = attrs.field(factory=dict, metadata={NOT_IN_FILES: True})
