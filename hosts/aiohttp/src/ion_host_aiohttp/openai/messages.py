"""The messages of a request: what is asked, what was said before, and what is told besides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus

import attrs

from ion_framework.domain.blank import is_blank
from ion_framework.domain.conversation import Message, Role
from ion_host_aiohttp.api.schema_issues import MOST_ISSUES
from ion_host_aiohttp.errors.failure import (
    Failure,
    Issue,
    Path,
    RequestFailed,
    not_a_choice,
    unfit,
)
from ion_host_aiohttp.errors.messages import say
from ion_host_aiohttp.errors.openai import UNSUPPORTED
from ion_host_aiohttp.openai.schema import ASSISTANT, NOTES, ROLES, USER

MOST_CHARACTERS = 32_000
"""Characters of all messages of a request together."""

FIELD = "messages"
_SHOWN = 100


@attrs.frozen
class Conversation:
    """What the messages of a request come to.

    Attributes:
        text: the last message of the user, which is answered.
        history: the other messages of user and assistant, oldest first.
        notes: the lines of what the caller tells besides: material on the user's side of the
            prompt, never instructions, whatever they are called in the protocol.
        characters: characters of all messages together.
    """

    text: str
    history: tuple[Message, ...]
    notes: tuple[str, ...]
    characters: int


def read_messages(given: Sequence[object]) -> Conversation:
    """Read the messages of a request.

    Args:
        given: the messages, decoded without a schema.

    Raises:
        RequestFailed: a message does not fit, none is the user's, or they are too long together.
    """
    issues: list[Issue] = []
    found = [_read(message, (FIELD, index), issues) for index, message in enumerate(given)]
    last = max((i for i, (role, _) in enumerate(found) if role == USER), default=None)
    if not issues and last is None:
        issues.append(Issue("value_error", (FIELD,), say("openai_no_user_message")))
    if issues or last is None:
        raise unfit(*issues[:MOST_ISSUES])
    characters = sum(len(text) for _, text in found)
    if characters > MOST_CHARACTERS:
        raise RequestFailed(_too_long(characters))
    return Conversation(
        text=found[last][1].strip(),
        history=tuple(
            Message(Role(role), text)
            for index, (role, text) in enumerate(found)
            if index != last and role in {USER, ASSISTANT} and not is_blank(text)
        ),
        notes=tuple(
            line
            for role, text in found
            if role in NOTES
            for line in text.splitlines()
            if not is_blank(line)
        ),
        characters=characters,
    )


def _read(message: object, path: Path, issues: list[Issue]) -> tuple[str, str]:
    """Role and text of a message; both are empty where it has a fault, which is noted."""
    if not isinstance(message, Mapping):
        issues.append(_wrong_type(path, "object", message))
        return "", ""
    role = message.get("role")
    if "role" not in message:
        issues.append(Issue("missing", (*path, "role"), say("missing")))
    elif not isinstance(role, str):
        issues.append(_wrong_type((*path, "role"), "str", role))
    elif role not in ROLES:
        issues.append(not_a_choice((*path, "role"), role[:_SHOWN], ROLES))
    else:
        return role, _content(message, role, path, issues)
    return "", ""


def _content(message: Mapping[str, object], role: str, path: Path, issues: list[Issue]) -> str:
    here, content = (*path, "content"), message.get("content")
    if content is None and role == ASSISTANT:
        return ""
    if "content" not in message:
        issues.append(Issue("missing", here, say("missing")))
        return ""
    if isinstance(content, list):
        return _parts(content, here, issues)
    if not isinstance(content, str):
        issues.append(_wrong_type(here, "str", content))
        return ""
    if role == USER and is_blank(content):
        issues.append(Issue("string_blank", here, say("blank")))
    return content


def _parts(parts: list[object], path: Path, issues: list[Issue]) -> str:
    """The text of a content that comes in parts, each on lines of its own."""
    if not parts:
        issues.append(Issue("value_error", path, say("blank")))
    return "\n".join(_part(part, (*path, index), issues) for index, part in enumerate(parts))


def _part(part: object, path: Path, issues: list[Issue]) -> str:
    if not isinstance(part, Mapping):
        issues.append(_wrong_type(path, "object", part))
    elif "type" not in part:
        issues.append(Issue("missing", (*path, "type"), say("missing")))
    elif part["type"] != "text":
        issues.append(Issue(UNSUPPORTED, (*path, "type"), say("openai_text_only")))
    elif "text" not in part:
        issues.append(Issue("missing", (*path, "text"), say("missing")))
    elif not isinstance(part["text"], str):
        issues.append(_wrong_type((*path, "text"), "str", part["text"]))
    elif is_blank(part["text"]):
        issues.append(Issue("string_blank", (*path, "text"), say("blank")))
    else:
        return part["text"]
    return ""


def _wrong_type(path: Path, expected: str, given: object) -> Issue:
    name = _NAMES.get(type(given), "number")
    return Issue("type", path, say("wrong_type", expected=expected, given=name))


_NAMES: Mapping[type, str] = {
    str: "str",
    dict: "object",
    list: "array",
    bool: "bool",
    type(None): "null",
}


def _too_long(characters: int) -> Failure:
    return Failure(
        status=HTTPStatus.BAD_REQUEST,
        code="context_length_exceeded",
        message=say("openai_too_long", limit=MOST_CHARACTERS, given=characters),
        field=FIELD,
    )
