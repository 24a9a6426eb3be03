"""Which languages a caller reads, from ``Accept-Language`` (RFC 9110, section 12.5.4)."""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import lru_cache

import attrs

from ion_framework.domain.language import Language

_MOST_RANGES = 32
_RANGE = re.compile(r"([a-z]{1,8}|\*)(?:-[a-z0-9]{1,8})*", re.IGNORECASE)
_WEIGHT = re.compile(r"q=(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)", re.IGNORECASE)
_ANY = "*"


@attrs.frozen
class Asked:
    """The languages that a caller asked for, none without a wish.

    Attributes:
        wanted: primary tags, the best first; ``*`` is any language that is not named.
        refused: primary tags of weight 0.
    """

    wanted: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()

    def choose(self, available: Collection[str], default: str) -> str:
        """The best of the languages that there are; the default where none of them is wanted.

        Args:
            available: tags of the languages that there are.
            default: the host's choice.
        """
        for tag in self.wanted:
            if tag in available:
                return tag
            if tag == _ANY:
                return self._any(available, default)
        return default

    def _any(self, available: Collection[str], default: str) -> str:
        named = {*self.wanted, *self.refused}
        others = (default, *sorted(available))
        return next((tag for tag in others if tag not in named), default)

    @property
    def known(self) -> Language | None:
        """The best of the languages that personas speak, None where none of them is wanted."""
        if not self.wanted:
            return None
        chosen = self.choose(_SPOKEN, "")
        return Language(chosen) if chosen else None


_SPOKEN = tuple(language.value for language in Language)


def asked_languages(header: str) -> Asked:
    """What ``Accept-Language`` asks for.

    Of a range the primary tag counts: ``ja-JP`` asks for ``ja``. Of two with the same weight the
    first goes first. What is malformed is ignored, as the header is only a wish.
    """
    if not header:
        return NO_WISH
    return (_remembered if len(header) <= _USUAL_LENGTH else _asked)(header)


def _asked(header: str) -> Asked:
    weights: dict[str, float] = {}
    for item in header.split(",")[:_MOST_RANGES]:
        tag, weight = _item(item)
        if tag:
            weights[tag] = max(weight, weights.get(tag, 0.0))
    wanted = sorted((tag for tag, weight in weights.items() if weight), key=lambda t: -weights[t])
    refused = tuple(tag for tag, weight in weights.items() if not weight)
    return Asked(tuple(wanted), refused)


_USUAL_LENGTH, _KNOWN = 256, 1024
_remembered = lru_cache(_KNOWN)(_asked)
"""A browser says the same with every request; long ones are not kept."""


def _item(item: str) -> tuple[str, float]:
    """A primary tag and its weight; an empty tag where the item is malformed."""
    name, semicolon, parameter = item.partition(";")
    found = _RANGE.fullmatch(name.strip())
    weight = _WEIGHT.fullmatch(parameter.strip()) if semicolon else None
    if found is None or (semicolon and weight is None):
        return "", 0.0
    return found[1].lower(), float(weight[1]) if weight else 1.0


NO_WISH = Asked()
