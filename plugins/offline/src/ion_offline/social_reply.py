"""Answers to courtesies: short, in the persona's name, with what to write next."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ion_offline.lexicon import SocialKind
from ion_offline.material import Material
from ion_offline.phrasebook import Phrasebook
from ion_offline.text import clean
from ion_offline.wording import Wording

_STRENGTHS, _STRENGTH_CHARACTERS, _DESCRIPTION_CHARACTERS = 2, 80, 240
_ARTICLE = re.compile(r"^(A|An|The)(?= )")


def social_reply(
    kind: SocialKind, material: Material, phrases: Phrasebook, *, brief: bool = False
) -> Sequence[str]:
    """The sentences of the answer to a courtesy.

    Args:
        kind: the courtesy.
        material: what is known of the turn.
        phrases: the phrases of the language to answer in.
        brief: leave out how the persona describes itself.
    """
    wording, reply = Wording(material, phrases), phrases.social.reply[kind]
    strengths = "" if brief else _strengths(material, phrases)
    described = "" if brief else _description(material)
    said = reply.described if reply.described and described else reply.say
    introduction = phrases.social.strengths if reply.introduces and strengths else ()
    return (
        wording.say("social", said, description=described),
        wording.say("strengths", introduction, strengths=strengths),
        wording.say("next", reply.next),
    )


def _strengths(material: Material, phrases: Phrasebook) -> str:
    opened, closed = phrases.join.quote
    own = material.persona.strengths.get(material.language, ())[:_STRENGTHS]
    shown = (clean(strength, _STRENGTH_CHARACTERS).rstrip(".") for strength in own)
    return ", ".join(f"{opened}{strength}{closed}" for strength in shown if strength)


def _description(material: Material) -> str:
    """The persona's description as the rest of a sentence that begins with its name."""
    text = clean(material.persona.description.get(material.language, ""), _DESCRIPTION_CHARACTERS)
    return _ARTICLE.sub(lambda article: article[0].lower(), text)
