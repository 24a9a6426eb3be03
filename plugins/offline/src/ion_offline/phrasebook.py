"""The phrases of one language as frozen classes, read once from ``phrases/*.toml``."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

import attrs

from ion_framework.domain.key import Intent, Tone
from ion_framework.domain.language import Language
from ion_offline.lexicon import SocialKind

Options = tuple[str, ...]
"""Wordings of one thing; the message decides which is used."""


@attrs.frozen
class Notice:
    """What says where the answer came from: whole, on later turns, in a compact answer."""

    full: Options
    short: Options
    compact: Options


@attrs.frozen
class Restate:
    """What the message is about: with one term, two, two to choose between, none."""

    one: Options
    two: Options
    choice: Options
    none: Options


@attrs.frozen
class HistoryPhrases:
    """Ties to what was said before: the same matter, another, an earlier answer."""

    same: Options
    moved: Options
    answered: Options


@attrs.frozen
class NotePhrases:
    """Facts that the caller gave."""

    given: Options


@attrs.frozen
class DoubtPhrases:
    """Where the intent was a close call: the other reading."""

    other: Options


@attrs.frozen
class AnglePhrases:
    """How the persona brings in one of its strengths."""

    strength: Options


@attrs.frozen
class FirstActions:
    """What comes first where the tone is urgent, and what leads on from it."""

    lead: Options
    steps: Options
    after: Options


@attrs.frozen
class UrgentPhrases:
    """First actions where something is broken, and for every other intent."""

    problem_solving: FirstActions
    other: FirstActions


@attrs.frozen
class Care:
    """Words that suggest that a person is in danger, and what to say instead of an answer."""

    cues: Options
    text: str


@attrs.frozen
class SocialReply:
    """The answer to a courtesy.

    Attributes:
        say: the answer itself.
        next: what to write next.
        described: said instead where the persona describes itself in the language.
        introduces: the persona's strengths come between the two.
    """

    say: Options
    next: Options
    described: Options = ()
    introduces: bool = False


@attrs.frozen
class SocialPhrases:
    """Answers to messages that are courtesies and nothing else."""

    strengths: Options
    reply: Mapping[SocialKind, SocialReply]


@attrs.frozen
class Scaffold:
    """A way of working for one intent.

    Attributes:
        called: what the intent is called in a sentence.
        stand_in: what to say for the topic where the message names none.
        lead: introduces the steps.
        points: the steps in a few words each.
        steps: the steps, each with its wordings.
        deeper: one more thought for each step.
        prose: the steps as one paragraph.
        question: asks for what is missing.
        lens: what a persona that is drawn to this intent adds to an answer for another.
        choice_lead: introduces the steps where the message chooses between two terms.
    """

    called: str
    stand_in: str
    lead: Options
    points: Options
    steps: tuple[Options, ...]
    deeper: Options
    prose: Options
    question: Options
    lens: Options
    choice_lead: Options = ()


@attrs.frozen
class Join:
    """How quotations are marked and two terms joined."""

    quote: tuple[str, str]


@attrs.frozen
class Phrasebook:
    """Everything that the generator says in one language.

    Where a language model was asked first, ``stand_in_notice`` is said instead of ``notice``.
    """

    notice: Notice
    stand_in_notice: Notice
    opening: Mapping[Tone, Options]
    restate: Restate
    history: HistoryPhrases
    notes: NotePhrases
    doubt: DoubtPhrases
    aside: Mapping[Tone, Options]
    angle: AnglePhrases
    urgent: UrgentPhrases
    care: tuple[Care, ...]
    social: SocialPhrases
    intent: Mapping[Intent, Scaffold]
    join: Join


@cache
def phrasebook(language: Language) -> Phrasebook:
    """The phrases of a language; a key that no class knows is an error."""
    import cattrs  # here, because it costs 40 ms that listing plugins must not pay

    path = files(__package__).joinpath(f"phrases/{language.value}.toml")
    converter = cattrs.Converter(forbid_extra_keys=True)
    return converter.structure(tomllib.loads(path.read_text(encoding="utf-8")), Phrasebook)
