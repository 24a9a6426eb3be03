"""A part of an answer that broke off: nobody takes half of one for a whole."""

from __future__ import annotations

from ion_framework.errors import NoAnswerError
from ion_framework.pipeline.chunks import FinishReason
from ion_framework.pipeline.generation import RETRY_AFTER_S
from ion_framework.pipeline.reply import Reply

BROKE_OFF = "the answer broke off before its end"


class BrokenOffError(NoAnswerError):
    """A persona began to answer, and its answer broke off.

    ``late`` says that it was the time of its turn that ended, and ``detail`` what generators said.

    Attributes:
        reply: what there is, for its receipt and what it cost; its text is given to nobody.
    """

    code = "answer_broken_off"

    def __init__(self, reply: Reply) -> None:
        attempts = reply.receipt.attempts
        super().__init__(
            "generate",
            BROKE_OFF,
            RETRY_AFTER_S,
            detail="; ".join(f"{item.plugin}: {item.error}" for item in attempts if item.error),
            late=bool(attempts) and attempts[-1].late,
        )
        self.reply = reply


def whole(reply: Reply) -> Reply:
    """The reply, where it is a whole one.

    Raises:
        BrokenOffError: it broke off.
    """
    if reply.finish_reason is FinishReason.TRUNCATED:
        raise BrokenOffError(reply)
    return reply
