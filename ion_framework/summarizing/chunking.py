"""Conversations in pieces that a model reads at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ion_framework.summarizing.sentences import sentences
from ion_framework.summarizing.speech import Speech, speeches, spoken


def chunks(messages: Sequence[str], characters: int) -> list[str]:
    """The messages in pieces of at most so many characters, a line for each message.

    Messages stay whole where they fit. Longer ones are divided at the ends of sentences, and every
    part begins with the mark of who speaks.

    Args:
        messages: the messages, oldest first.
        characters: bound of a piece, 300 or more, so that a sentence fits with its speaker.
    """
    found: list[str] = []
    lines: list[str] = []
    length = 0
    for speech in speeches(messages):
        for line in _lines(speech, characters):
            if lines and length + 1 + len(line) > characters:
                found.append("\n".join(lines))
                lines, length = [], 0
            length += len(line) + bool(lines)
            lines.append(line)
    return [*found, "\n".join(lines)] if lines else found


def _lines(speech: Speech, characters: int) -> Iterator[str]:
    whole = spoken(speech)
    if len(whole) <= characters:
        yield whole
        return
    room = characters - len(speech.speaker) - 1
    part: list[str] = []
    length = 0
    for sentence in sentences(speech.text):
        if part and length + 1 + len(sentence) > room:
            yield spoken(Speech(speech.speaker, " ".join(part)))
            part, length = [], 0
        length += len(sentence) + bool(part)
        part.append(sentence)
    yield spoken(Speech(speech.speaker, " ".join(part)))
