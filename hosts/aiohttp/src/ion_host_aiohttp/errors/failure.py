"""A request that is not answered as asked, before either API version puts it into its words."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

import attrs

from ion_framework.domain.blank import is_blank
from ion_framework.domain.language import Language, detect_language
from ion_host_aiohttp.errors.messages import Message, say

Path = tuple[str | int, ...]
"""Where in a JSON document something stands: names of members and indices, outermost first."""


@attrs.frozen
class Issue:
    """One thing that is wrong with one value of a request.

    Attributes:
        kind: machine-readable kind (``missing``, ``string_too_long``).
        path: where the value stands in its source.
        message: what is wrong and what is valid.
        given: the value, as far as it is known and small.
        limits: the limits that it breaks (``max_length``), for machines.
        source: what holds the value: ``body``, ``query`` or ``path``.
    """

    kind: str
    path: Path
    message: Message
    given: object = None
    limits: Mapping[str, object] = attrs.field(factory=dict)
    source: str = "body"


@attrs.frozen(kw_only=True)
class Failure:
    """Why a request is not answered as asked.

    Attributes:
        status: HTTP status.
        code: machine-readable cause; v2 shows it.
        message: the cause in words.
        issues: what is wrong with which value, for a request that does not fit the schema.
        field: the one field at fault, where there is one.
        details: more for machines.
        hint: one more sentence, for people who run the server.
        headers: response headers that belong to it (``Retry-After``, ``Allow``).
        close: whether the connection ends with the response.
        problem_type: URI of the kind of problem (RFC 9457), where there is a registered one.
        extensions: members of the problem document that belong to this kind.
        language: that of the user's message, for what went wrong with a message that was
            understood; v2 speaks it to callers who ask for no other.
    """

    status: HTTPStatus
    code: str
    message: Message
    issues: tuple[Issue, ...] = ()
    field: str | None = None
    details: Mapping[str, object] = attrs.field(factory=dict)
    hint: Message | None = None
    headers: Mapping[str, str] = attrs.field(factory=dict)
    close: bool = False
    problem_type: str = "about:blank"
    extensions: Mapping[str, object] = attrs.field(factory=dict)
    language: Language | None = None

    def about(self, text: str) -> Failure:
        """The same about a message of the user's, in whose language v2 tells of it."""
        return attrs.evolve(self, language=detect_language(text))


class RequestFailed(Exception):  # noqa: N818  named for what happened to the request
    """Raised where a request cannot be answered as asked.

    Attributes:
        failure: why.
    """

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.code)
        self.failure = failure


def unfit(*issues: Issue) -> RequestFailed:
    """A request that does not fit the schema: 422 with every issue."""
    return RequestFailed(
        Failure(
            status=HTTPStatus.UNPROCESSABLE_ENTITY,
            code="VALIDATION_ERROR",
            message=say("schema"),
            issues=issues,
            field=str(issues[0].path[0]) if issues[0].path else None,
        )
    )


def not_a_choice(path: Path, given: str, valid: tuple[str, ...]) -> Issue:
    """The issue of a value outside a closed list."""
    return Issue("enum", path, say("not_a_choice", valid=", ".join(valid)), given, {"valid": valid})


def check_message(text: str, field: str, most: int) -> tuple[Issue, ...]:
    """What is wrong with a message that a persona shall answer.

    Args:
        text: the message.
        field: name of the member that holds it.
        most: largest number of characters.
    """
    if is_blank(text):
        return (Issue("string_blank", (field,), say("blank"), text[:_SHOWN]),)
    if len(text) > most:
        message = say("too_long", max_length=most)
        limits = {"max_length": most}
        return (Issue("string_too_long", (field,), message, text[:_SHOWN], limits),)
    return ()


_SHOWN = 100
