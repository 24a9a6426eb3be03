"""Which rules match in one text, remembered.

Rules never change while a process runs, so that what they say of a text is remembered: the texts
and the headers of one client come again and again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from typing import TypeAlias

from ion_framework.text_memo import TextMemo
from ion_guard.normalizing import RAW, forms_of, forms_of_message
from ion_guard.places import Kind
from ion_guard.rules import Rule, all_rules

Rules: TypeAlias = tuple[Rule, ...]

SHORT = 512
"""Characters of a text outside of messages up to which it is remembered."""

_OF_EACH_KIND = 1024
_LONG_HEADERS = 512
_MESSAGES = 2048


def rules_in(text: str, kind: Kind) -> Rules:
    """The rules that match in a text outside of messages, in the order of the file."""
    if len(text) <= SHORT:
        return RULES_IN_SHORT[kind](text)
    if kind is Kind.HEADER:
        return _known_long_headers.of(lambda: _found_in(kind, text), text)
    return _found_in(kind, text)


def _found_in(kind: Kind, text: str) -> Rules:
    if not text:
        return ()
    forms = forms_of(text)
    return tuple(
        rule
        for rule in all_rules()
        if kind not in rule.not_in
        and (rule.forms == (RAW,)) == (kind is Kind.TARGET)
        and rule.matches(forms)
    )


RULES_IN_SHORT: Mapping[Kind, Callable[[str], Rules]] = {
    kind: lru_cache(_OF_EACH_KIND)(partial(_found_in, kind))
    for kind in Kind
    if kind is not Kind.MESSAGE
}
"""What `rules_in` says of texts of up to `SHORT` characters; a memo for each kind, because one text
alone is looked up in half the time."""

_known_long_headers: TextMemo[Rules] = TextMemo(_LONG_HEADERS)
"""Those of a client with a long token come again, too; by digest, as they are nobody's business."""


def rules_in_message(text: str) -> Rules:
    """The rules that match in a message, in the order of the file."""
    return _known_messages.of(lambda: _found_in_message(text), text)


def _found_in_message(text: str) -> Rules:
    forms = forms_of_message(text)
    return tuple(rule for rule in all_rules() if rule.matches(forms))


_known_messages: TextMemo[Rules] = TextMemo(_MESSAGES)
"""By digest: what people write is not kept."""
