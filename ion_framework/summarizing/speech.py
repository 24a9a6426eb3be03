"""Messages with the marks of who speaks, which summaries keep."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

import attrs

from ion_framework.domain.blank import is_blank
from ion_framework.summarizing.terms import is_speaker

_MARK = re.compile(r"\s*(\[[^\[\]\n]{1,24}\]|[^\s:：\[\]][^:：\n\[\]]{0,23}[:：])\s+(?=\S)")
_OFTEN = 2


@attrs.frozen
class Speech:
    """What one message says.

    Attributes:
        speaker: the mark in front of it, with its colon or brackets; empty where there is none.
        text: the rest.
    """

    speaker: str
    text: str


def speeches(messages: Sequence[str]) -> tuple[Speech, ...]:
    """The messages with their speakers told apart.

    ``User:`` and the like are marks; any other word before a colon is one where at least two
    messages begin with it: a sentence that happens to begin with ``Note:`` is no speaker.

    Args:
        messages: the messages, oldest first; blank ones are left out.
    """
    found = [(_MARK.match(message), message) for message in messages if not is_blank(message)]
    names = Counter(_name(mark[1]) for mark, _ in found if mark)
    said = []
    for mark, message in found:
        is_mark = mark and (is_speaker(_name(mark[1])) or names[_name(mark[1])] >= _OFTEN)
        if mark and is_mark:
            said.append(Speech(mark[1], message[mark.end() :].strip()))
        else:
            said.append(Speech("", message.strip()))
    return tuple(said)


def _name(mark: str) -> str:
    return mark.strip("[]:： ").casefold()


def spoken(speech: Speech) -> str:
    """A speech as one text again."""
    return f"{speech.speaker} {speech.text}" if speech.speaker else speech.text
