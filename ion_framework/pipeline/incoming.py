"""A request as a host received it, for guards of requests."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from ion_framework.domain.language import Language


@attrs.frozen
class RequestText:
    """A text in the body of a request.

    Attributes:
        field: names of the members that lead to it, with dots between them (``context.user_id``);
            the items of a list have the name of the list. Members that the endpoint does not name
            stand there as ``*``, so that nothing in it is the caller's own text.
        text: the text, as decoded.
        member: such a member's name, as the caller wrote it; empty for others.
    """

    field: str
    text: str = attrs.field(repr=False)
    member: str = attrs.field(default="", repr=False)

    @property
    def name(self) -> str:
        """Name of the member that holds it."""
        return self.member or self.field.rpartition(".")[2]


# With a dictionary instead of slots it is made in two thirds of the time, once for every request.
@attrs.frozen(kw_only=True, slots=False)
class IncomingRequest:
    """A request to a host, decoded and valid by its schema, before anything is done with it.

    Attributes:
        method: HTTP method, upper case.
        path: path, decoded.
        target: path and query as they were sent.
        route: pattern of the endpoint (``/summaries/{summary_id}``).
        parts: variable parts of the path by name, decoded.
        query: names and values of the query, decoded, in order.
        scheme: ``http`` or ``https``, as the caller used it.
        address: the caller's address, or of IPv6 its network; empty where it is not known.
        from_proxy: whether a proxy that the operator trusts sent it, so that headers which only
            proxies set may be believed.
        headers: fields by their lower-case names, without credentials; fields that are there more
            than once are joined by ``, ``.
        content_type: media type of the body, lower case, empty without one.
        body_bytes: size of the body in bytes.
        texts: the texts in the body.
        complete: whether ``texts`` are all there are; of a very large body they are the first.
        language: the language that the caller asked for, None without a wish.
    """

    method: str
    path: str
    target: str = attrs.field(default="", repr=False)
    route: str = ""
    parts: Mapping[str, str] = attrs.field(factory=dict, repr=False)
    query: tuple[tuple[str, str], ...] = attrs.field(default=(), repr=False)
    scheme: str = "http"
    address: str = ""
    from_proxy: bool = False
    headers: Mapping[str, str] = attrs.field(factory=dict, repr=False)
    content_type: str = ""
    body_bytes: int = 0
    texts: tuple[RequestText, ...] = attrs.field(default=(), repr=False)
    complete: bool = True
    language: Language | None = None
