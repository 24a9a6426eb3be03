"""What a fake model server can do with one request.

A behaviour means the same in both protocols; each fake says it in its own words. It is played unary
and streamed. A *chunk* is one event that carries text; *the first token* is the first such event::

    >>> from ion_framework.testing.model_servers.behaviours import Answer, Break, Cut, Failure
    >>> from ion_framework.testing.model_servers.behaviours import Phase
    >>> Cut(Break.RESET, after=2).phase is Phase.AFTER
    True
    >>> Failure(429, retry_delay_s=7).phase is Phase.BEFORE
    True
    >>> Answer(("Hi ", "{user}!"), first_delay_s=0.1).phase is Phase.BEFORE
    True
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Any

import attrs
from attrs import validators

_SECONDS: Any = validators.ge(0)
_COUNT: Any = validators.ge(0)


class Phase(StrEnum):
    """When a streaming client can first see that something is wrong.

    A unary client has seen nothing before the whole answer, so that for it every fault is `BEFORE`.
    """

    NONE = "no fault"
    BEFORE = "before the first token"
    AFTER = "after the first token"


class Break(StrEnum):
    """How an answer stops in the middle.

    * ``HANG``: nothing more comes, and the connection stays open.
    * ``RESET``: the connection is reset (TCP RST).
    * ``END``: the answer ends as if it were complete, without a finish reason. Before the headers:
      the connection is closed (TCP FIN) instead of an answer.
    * ``ERROR``: an error document follows, as one event; then the stream ends.
    * ``GARBAGE``: an event with half a JSON document follows; then the stream ends.
    """

    HANG = "hang"
    RESET = "reset"
    END = "end"
    ERROR = "error"
    GARBAGE = "garbage"


def _texts(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(texts)


def _class_name(behaviour: Behaviour) -> str:
    return type(behaviour).__name__.lower()


@attrs.frozen
class Behaviour:
    """What the server does with one request.

    Attributes:
        name: what records and the ids of tests call it; the name of its class unless given.
    """

    name: str = attrs.field(default=attrs.Factory(_class_name, takes_self=True), kw_only=True)

    @property
    def phase(self) -> Phase:
        """When a streaming client can first see that something is wrong."""
        return Phase.BEFORE


@attrs.frozen
class WireUsage:
    """Tokens as the server counts them.

    Attributes:
        input_tokens: of the prompt, those from the cache included.
        output_tokens: of the answer that is read, without thoughts.
        cached_tokens: of the prompt, those that came from the server's context cache.
        thought_tokens: spent on thinking.
    """

    input_tokens: int = attrs.field(default=4, validator=_COUNT)
    output_tokens: int = attrs.field(default=4, validator=_COUNT)
    cached_tokens: int = attrs.field(default=0, validator=_COUNT)
    thought_tokens: int = attrs.field(default=0, validator=_COUNT)

    @property
    def total_tokens(self) -> int:
        """Everything that is paid for."""
        return self.input_tokens + self.output_tokens + self.thought_tokens


@attrs.frozen
class Answer(Behaviour):
    """An answer that runs to its end, quickly or slowly, with any finish reason.

    Unary, it comes whole after the sum of its delays. Streamed, the headers go out together with
    the first chunk. A delay counts as a fault in `phase`; whether it is one depends on the
    client's deadlines.

    Attributes:
        chunks: pieces of the text; ``{user}`` becomes the last message of the user. None at all is
            a candidate without content.
        finish: the finish reason, in Gemini's spelling; one that does not exist will do.
        first_delay_s: seconds before the first chunk.
        chunk_delay_s: seconds before each further chunk.
        usage: the tokens that the server claims; None leaves them out.
        thoughts: pieces of thinking, sent before the text and marked as the protocol marks them.
    """

    chunks: tuple[str, ...] = attrs.field(
        default=("Hello", " from", " the", " fake."), converter=_texts
    )
    finish: str = attrs.field(default="STOP", validator=validators.min_len(1))
    first_delay_s: float = attrs.field(default=0.0, validator=_SECONDS)
    chunk_delay_s: float = attrs.field(default=0.0, validator=_SECONDS)
    usage: WireUsage | None = WireUsage()
    thoughts: tuple[str, ...] = attrs.field(default=(), converter=_texts)

    @property
    def phase(self) -> Phase:
        """`NONE` for a prompt STOP with text; else where the delay or the wrong ending shows."""
        if self.first_delay_s or not self.chunks:
            return Phase.BEFORE
        wrong = self.chunk_delay_s or self.finish != "STOP"
        return Phase.AFTER if wrong else Phase.NONE

    @property
    def events(self) -> int:
        """How many chunks a stream of it has: thoughts and text."""
        return len(self.thoughts) + len(self.chunks)


@attrs.frozen
class Failure(Behaviour):
    """An error status with the protocol's error document.

    Attributes:
        status: the HTTP status, 400 to 599.
        message: its text; empty takes the real service's wording for this status.
        retry_delay_s: seconds to wait, said in the document: Gemini's RetryInfo, ``"7s"``. The
            OpenAI protocol says it in the text only.
        retry_after: the header Retry-After, as it is: seconds, a date, or nonsense.
        delay_s: seconds before the answer.
    """

    status: int = attrs.field(validator=[validators.ge(400), validators.le(599)])
    message: str = ""
    retry_delay_s: float | None = attrs.field(default=None, validator=validators.optional(_SECONDS))
    retry_after: str | None = None
    delay_s: float = attrs.field(default=0.0, validator=_SECONDS)


@attrs.frozen
class RawAnswer(Behaviour):
    """Bytes that are no answer of the protocol, as a proxy in front of it sends them.

    Attributes:
        body: what is sent, unary and streamed alike.
        status: the HTTP status.
        content_type: the header Content-Type.
    """

    body: bytes = attrs.field(default=b"", repr=False)
    status: int = attrs.field(default=200, validator=[validators.ge(200), validators.le(599)])
    content_type: str = "text/html; charset=utf-8"


@attrs.frozen
class NoCandidates(Behaviour):
    """A correct document with usage and without candidates (OpenAI: without choices)."""


@attrs.frozen
class PromptBlocked(Behaviour):
    """The prompt is refused.

    That is Gemini's ``promptFeedback``; in the OpenAI protocol a 400 with ``content_filter``.

    Attributes:
        reason: Gemini's block reason.
    """

    reason: str = "SAFETY"


@attrs.frozen
class Cut(Behaviour):
    """An answer that begins and does not end as it should.

    Unary, the body is cut in the same proportion, at a place where it is no JSON document; `ERROR`
    is the failure with its own status, since nothing of an answer can come before it.

    Attributes:
        how: what happens then.
        after: chunks sent before; None is before the headers, 0 is headers alone.
        answer: what is cut, with its delays; it must have more chunks than `after`.
        failure: what `Break.ERROR` says.

    Raises:
        ValueError: the answer is too short to be cut there, or what should follow has no place
            before the headers.
    """

    how: Break = attrs.field(converter=Break)
    after: int | None = attrs.field(default=None)
    answer: Answer = Answer()
    failure: Failure = Failure(503)

    @after.validator
    def _has_a_place(self, _: attrs.Attribute[int | None], after: int | None) -> None:
        if after is None and self.how in {Break.ERROR, Break.GARBAGE}:
            raise ValueError(
                f"Cut({self.how.name}) needs the headers first: give after=0 or more, "
                "or take Failure for an error instead of an answer"
            )

    def __attrs_post_init__(self) -> None:
        if self.after is not None and not 0 <= self.after < self.answer.events:
            raise ValueError(
                f"Cut: after={self.after} lies outside the answer, which has "
                f"{self.answer.events} chunks: give 0 to {self.answer.events - 1}"
            )

    @property
    def phase(self) -> Phase:
        """`AFTER` as soon as one chunk is sent."""
        return Phase.AFTER if self.after else Phase.BEFORE


@attrs.frozen
class Redirect(Behaviour):
    """A redirection, which no model server has reason to send.

    Attributes:
        location: where to; a path on this server or a URL.
        status: 301, 302, 303, 307 or 308; 307 and 308 ask for the same request with its body.
    """

    location: str = "/moved"
    status: int = attrs.field(default=307, validator=validators.in_((301, 302, 303, 307, 308)))


@attrs.frozen
class Oversized(Behaviour):
    """A correct answer of a size that nobody asked for.

    Attributes:
        size: bytes of text in all.
        chunk_size: bytes of text in one chunk; `size` or more is one huge event.
    """

    size: int = attrs.field(default=4 * 1024 * 1024, validator=_COUNT)
    chunk_size: int = attrs.field(default=64 * 1024, validator=validators.ge(1))

    @property
    def phase(self) -> Phase:
        """The first chunk is like any other."""
        return Phase.AFTER

    def as_answer(self) -> Answer:
        """The answer of this size."""
        whole, rest = divmod(self.size, self.chunk_size)
        chunks = ("x" * self.chunk_size,) * whole + (("x" * rest,) if rest else ())
        return Answer(chunks, usage=WireUsage(output_tokens=self.size // 4))


@attrs.frozen
class Down(Behaviour):
    """The server is gone: its port refuses connections, and those that were open are reset.

    As a standing behaviour the port refuses at once; a client that kept a connection may try that
    first and be reset. Out of a queue or a plan it is the request
    that meets it which takes the server down; `listen_again` brings it back.
    """
