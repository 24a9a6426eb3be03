"""Where the text of an answer ends: before a stop sequence, or where its tokens are used up.

Generators are asked to keep to the number of tokens, and some do not. What goes beyond it by the
estimate of four characters a token is held back until the generator has told how many there were:
if it kept to the number, the rest follows; if it did not, or does not tell, the rest is dropped.
"""

from __future__ import annotations

from ion_framework.pipeline.chunks import FinishReason

CHARACTERS_PER_TOKEN = 4
RUNAWAY = 4
"""So many times as long as estimated an answer may become before nobody waits for its end."""
LEAST_RUNAWAY = 64
"""Characters beyond the estimate that are always waited for: single tokens can be long."""


def estimated_tokens(characters: int) -> int:
    """The tokens of a text of which nobody has counted them, rounded up."""
    return -(-characters // CHARACTERS_PER_TOKEN)


class Ending:
    """The end of one answer, however its text is cut into pieces.

    Attributes:
        reason: why it ends before its generator does, None where it does not.
        sent: characters that have been given out.

    Args:
        stops: texts before which it ends.
        most_tokens: most tokens that it may have, None without a bound.
    """

    def __init__(self, stops: tuple[str, ...], most_tokens: int | None) -> None:
        self.reason: FinishReason | None = None
        self.sent = 0
        self._stops = stops
        self._most_tokens = most_tokens
        self._open = ""
        self._beyond = ""
        self._is_stopped = False

    @property
    def is_over(self) -> bool:
        """Whether nothing that comes can change the answer any more."""
        if self.reason is FinishReason.LENGTH:
            return True
        return self._is_stopped and not self._beyond

    def take(self, piece: str) -> str:
        """What of the text up to this piece can be given out now.

        Args:
            piece: the next piece of text.
        """
        if self._is_stopped or self.reason is not None:
            return ""
        return self._within(self._unstopped(piece))

    def rest(self, spent: int | None) -> str:
        """What is left at the end; afterwards `reason` is known.

        Args:
            spent: tokens of the answer as its generator tells, None where it does not.
        """
        if self.reason is FinishReason.LENGTH:
            return ""
        given = self._within(self._open)
        self._open = ""
        if self._beyond:
            if self._most_tokens is None or spent is None or spent > self._most_tokens:
                self.reason = FinishReason.LENGTH
                return given
            given += self._beyond
            self.sent += len(self._beyond)
            self._beyond = ""
        return given

    def _unstopped(self, piece: str) -> str:
        """The text up to the stop sequence that is complete first; what may begin one is kept."""
        text = self._open + piece
        places = [(text.find(stop), len(stop)) for stop in self._stops]
        ends = [(begin + length, begin) for begin, length in places if begin >= 0]
        if ends:
            self._is_stopped = True
            self.reason = FinishReason.STOP
            self._open = ""
            return text[: min(ends)[1]]
        kept = max((_overlap(text, stop) for stop in self._stops), default=0)
        self._open = text[len(text) - kept :]
        return text[: len(text) - kept]

    def _within(self, text: str) -> str:
        """What of a text is within the number of tokens by estimate; the rest is held back."""
        if self._most_tokens is None:
            self.sent += len(text)
            return text
        most = self._most_tokens * CHARACTERS_PER_TOKEN
        room = 0 if self._beyond else max(0, most - self.sent)
        given = text[:room]
        self.sent += len(given)
        self._beyond += text[room:]
        if len(self._beyond) > max(most * (RUNAWAY - 1), LEAST_RUNAWAY):
            self.reason = FinishReason.LENGTH
        return given


def _overlap(text: str, stop: str) -> int:
    """Characters at the end of a text with which a stop sequence may begin."""
    longest = min(len(text), len(stop) - 1)
    return next((n for n in range(longest, 0, -1) if text.endswith(stop[:n])), 0)
