"""What a fake model server needs to know of a protocol: how to read requests and word answers."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from enum import Enum
from typing import Any, Protocol

import attrs

from ion_framework.testing.model_servers.behaviours import Answer, Failure, PromptBlocked

JSON_TYPE = "application/json; charset=UTF-8"


@attrs.frozen
class Catalog:
    """The models of a server.

    Attributes:
        names: those that exist; None where every name is answered for.
        usual: those that are listed then.
    """

    names: Collection[str] | None
    usual: tuple[str, ...]

    @property
    def listed(self) -> Collection[str]:
        """The models that the listing names."""
        return self.names or self.usual

    def lacks(self, model: str) -> bool:
        """Whether a request names a model that does not exist; one without a name does not."""
        return bool(model) and self.names is not None and model not in self.names


@attrs.frozen
class Document:
    """A whole HTTP answer."""

    status: int
    body: bytes
    content_type: str = JSON_TYPE
    headers: Mapping[str, str] = attrs.field(factory=dict)


@attrs.frozen
class Piece:
    """One event of a stream, framed as it goes over the wire.

    Attributes:
        data: its bytes.
        token: whether it carries text; only these are counted.
    """

    data: bytes
    token: bool = True


@attrs.frozen
class RawRequest:
    """A request as it came in."""

    method: str
    path: str
    query: Mapping[str, str] = attrs.field(repr=False)
    headers: Mapping[str, str] = attrs.field(repr=False)
    body: bytes = attrs.field(repr=False)


class Kind(Enum):
    """What is asked for."""

    GENERATE = "generate"
    LISTING = "listing"


@attrs.frozen
class Call:
    """A request as the protocol understands it.

    Attributes:
        kind: an answer of a model, or the listing of the models.
        model: the model, empty where none is named.
        streamed: whether a stream is asked for.
        body: the JSON document; None where there is none or it is broken.
        path: the path.
        refusal: what the service itself says to a request that is wrong; None if it is right.
    """

    kind: Kind = Kind.GENERATE
    model: str = ""
    streamed: bool = False
    body: Any = attrs.field(default=None, repr=False)
    path: str = ""
    refusal: Document | None = None


class Dialect(Protocol):
    """A protocol."""

    def read(self, request: RawRequest) -> Call:
        """Understand a request; what is wrong with it is in `Call.refusal`."""

    def whole(self, call: Call, answer: Answer) -> Document:
        """A unary answer."""

    def pieces(self, call: Call, answer: Answer) -> Iterator[Piece]:
        """A streamed answer."""

    def failure(self, call: Call, failure: Failure) -> Document:
        """An error document with its status and headers."""

    def blocked(self, call: Call, behaviour: PromptBlocked, /) -> Document:
        """What a refused prompt gets; a status of 200 is streamed where a stream is asked for."""

    def no_candidates(self, call: Call) -> Document:
        """A correct document without an answer in it."""

    def event(self, document: bytes) -> bytes:
        """A JSON document as one event of a stream."""


def encoded(document: object) -> bytes:
    """A JSON document as bytes; text stays readable."""
    return json.dumps(document, ensure_ascii=False).encode("utf-8", "surrogatepass")


def parsed(body: bytes) -> Any:
    """The JSON document in a body, or None where there is none."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def text_of(parts: Iterable[Any]) -> str:
    """The text in the parts of a message."""
    return "".join(str(part.get("text", "")) for part in parts if isinstance(part, dict))


def filled(text: str, said: str) -> str:
    """A piece of a behaviour's answer, in which ``{user}`` stands for what the user said."""
    return text.replace("{user}", said)
