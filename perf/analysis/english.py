"""English messages written a little differently."""

from __future__ import annotations

import re
from collections.abc import Callable
from random import Random

GREETINGS = ("Hi,", "Hello,", "Hey,", "Hi there,", "Good morning.")

CONTRACTIONS = {
    "can't": "cannot",
    "won't": "will not",
    "don't": "do not",
    "doesn't": "does not",
    "didn't": "did not",
    "isn't": "is not",
    "aren't": "are not",
    "wasn't": "was not",
    "weren't": "were not",
    "haven't": "have not",
    "hasn't": "has not",
    "couldn't": "could not",
    "shouldn't": "should not",
    "wouldn't": "would not",
    "i'm": "I am",
    "i've": "I have",
    "i'll": "I will",
    "you're": "you are",
    "you've": "you have",
    "we're": "we are",
    "we've": "we have",
    "they're": "they are",
    "it's": "it is",
    "that's": "that is",
    "what's": "what is",
    "there's": "there is",
}
"""Contractions with one full form. ``let's`` and ``I'd`` are none: their full forms say more."""

_NEGATED_QUESTION = r"\s+(?:i|you|he|she|it|we|they|this|that|there)\b"
_CONTRACTION = re.compile(
    # "Don't you" would become "Do not you", which nobody writes.
    rf"\b({'|'.join(CONTRACTIONS)})\b(?!{_NEGATED_QUESTION})(?!\s+been\b)",
    re.IGNORECASE,
)
_REQUEST = re.compile(r"\b((?:can|could|would|will) you)(?! please\b) ", re.IGNORECASE)
_PLEASE = re.compile(r",? ?\bplease\b", re.IGNORECASE)
_WORD = re.compile(r"[A-Za-z]{4,}")


def typo(text: str, random: Random) -> str | None:
    """Swap two different neighbouring letters inside a word of four letters or more.

    The first and the last letter stay, as they mostly do in slips of people.

    Args:
        text: the message.
        random: chooses the word and the place.
    """
    places = [
        place
        for word in _WORD.finditer(text)
        for place in range(word.start() + 1, word.end() - 2)
        if text[place].lower() != text[place + 1].lower()
    ]
    if not places:
        return None
    place = random.choice(places)
    return text[:place] + text[place + 1] + text[place] + text[place + 2 :]


def other_politeness(text: str, random: Random) -> str:
    """Say please or thanks, leave a please out, or write contractions in full.

    Args:
        text: the message.
        random: chooses among the rules that apply; thanking always does.
    """
    found = [rule(text) for rule in _RULES]
    return random.choice([varied for varied in found if varied.strip() and varied != text])


def _thanked(text: str) -> str:
    # Whoever ends without a full stop does so when thanking, too.
    text = text.rstrip()
    return f"{text} Thanks." if text[-1:] in ".?!…" else f"{text}, thanks"


def _asked_nicely(text: str) -> str:
    return _REQUEST.sub(r"\1 please ", text, count=1)


def _asked_plainly(text: str) -> str:
    plain = _PLEASE.sub("", text, count=1).lstrip(" ,")
    return plain[:1].upper() + plain[1:] if text[:1].isupper() else plain


def _in_full(text: str) -> str:
    return _CONTRACTION.sub(_full_form, text)


def _full_form(found: re.Match[str]) -> str:
    full = CONTRACTIONS[found[1].lower()]
    return full[0].upper() + full[1:] if found[1][0].isupper() else full


_RULES: tuple[Callable[[str], str], ...] = (_thanked, _asked_nicely, _asked_plainly, _in_full)
