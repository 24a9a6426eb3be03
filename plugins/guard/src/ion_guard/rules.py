"""The rules for texts, read from ``rules.toml``."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

import attrs

from ion_guard.normalizing import BARE, FORMS, PLAIN

CLASSES = ("sql", "xss", "command", "traversal", "protocol")
"""The classes of rules for texts."""


@attrs.frozen
class Rule:
    """A pattern that has no business where it is looked for.

    Attributes:
        id: its name in settings and logs.
        family: its class.
        weight: 5 is an attack by itself at the usual threshold; less is a hint.
        pattern: what is looked for.
        needles: one of them is in every text that the pattern matches; empty tries it always.
        forms: forms of a text in which it is looked for.
        not_in: kinds of places where it is not looked for.
    """

    id: str
    family: str
    weight: int
    pattern: re.Pattern[str]
    needles: tuple[str, ...] = ()
    forms: tuple[str, ...] = (PLAIN, BARE)
    not_in: frozenset[str] = frozenset()

    def matches(self, forms: Mapping[str, str]) -> bool:
        """Whether a text matches in one of its forms."""
        for name in self.forms:
            text = forms.get(name)
            if text is not None and self._is_worth_it(text) and self.pattern.search(text):
                return True
        return False

    def _is_worth_it(self, text: str) -> bool:
        return not self.needles or any(needle in text for needle in self.needles)


@cache
def all_rules() -> tuple[Rule, ...]:
    """Every rule for texts, in the order of the file.

    Raises:
        ValueError: two rules have one id, or a rule names a class or a form that does not exist.
    """
    text = files("ion_guard").joinpath("rules.toml").read_text("utf-8")
    found = tuple(_rule(entry) for entry in tomllib.loads(text)["rule"])
    if len({rule.id for rule in found}) != len(found):
        raise ValueError("rules.toml: two rules have one id")
    return found


def _rule(entry: Mapping[str, object]) -> Rule:
    given = dict(entry)
    rule = Rule(
        id=str(given.pop("id")),
        family=str(given.pop("class")),
        weight=int(str(given.pop("weight"))),
        pattern=re.compile(str(given.pop("pattern"))),
        needles=_texts(given.pop("needles", ())),
        forms=_texts(given.pop("forms", (PLAIN, BARE))),
        not_in=frozenset(_texts(given.pop("not_in", ()))),
    )
    unknown = [*given, *(form for form in rule.forms if form not in FORMS)]
    if unknown or rule.family not in CLASSES:
        raise ValueError(f"rules.toml: {rule.id}: not known: {unknown or rule.family}")
    return rule


def _texts(value: object) -> tuple[str, ...]:
    return tuple(str(item) for item in value) if isinstance(value, list | tuple) else ()
