"""What a server of the OpenAI protocol says to requests that are wrong, and its error documents."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ion_framework.testing.model_servers.behaviours import Failure, PromptBlocked
from ion_framework.testing.model_servers.dialect import Call, Document, RawRequest, encoded

JSON = "application/json"
ROLES = ("system", "assistant", "user", "function", "tool", "developer")
_INVALID = "invalid_request_error"
# By status: type, code, the usual message.
_ERRORS: dict[int, tuple[str, str | None, str]] = {
    400: (_INVALID, None, "The request is invalid."),
    401: (_INVALID, "invalid_api_key", "Incorrect API key provided."),
    403: (_INVALID, "permission_denied", "You do not have access to this model."),
    404: (_INVALID, "model_not_found", "The model does not exist or you do not have access to it."),
    429: ("requests", "rate_limit_exceeded", "Rate limit reached."),
    500: ("server_error", None, "The server had an error while processing your request."),
    503: ("server_error", None, "The engine is currently overloaded, please try again later."),
    504: ("server_error", None, "The server took too long to answer."),
}


def error(
    status: int,
    message: str = "",
    *,
    code: str | None = None,
    param: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> Document:
    """An error document; what is not given is usual for the status.

    Args:
        status: the HTTP status.
        message: the text for people.
        code: the code for programs.
        param: the field that is wrong.
        headers: further headers.
    """
    kind, usual_code, usual = _ERRORS.get(status, ("server_error", None, "Unknown error."))
    content = {
        "message": message or usual,
        "type": kind,
        "param": param,
        "code": code if message else code or usual_code,
    }
    return Document(status, encoded({"error": content}), JSON, headers or {})


def failure(call: Call, behaviour: Failure) -> Document:
    """The error document of a behaviour."""
    message = behaviour.message
    if not message and behaviour.status == 404:  # noqa: PLR2004  an HTTP status
        return unknown_model(call.model)
    headers = {} if behaviour.retry_after is None else {"Retry-After": behaviour.retry_after}
    _, code, usual = _ERRORS.get(behaviour.status, ("", None, "Unknown error."))
    text = message or usual
    if behaviour.retry_delay_s is not None:
        text = f"{text} Please try again in {behaviour.retry_delay_s:g}s."
    return error(behaviour.status, text, code=code, headers=headers)


def blocked(behaviour: PromptBlocked) -> Document:
    """A prompt that the content filter refused."""
    message = f"The prompt was refused by the content filter ({behaviour.reason.lower()})."
    return error(400, message, code="content_filter", param="prompt")


def unknown_path(request: RawRequest) -> Document:
    """A path that does not exist."""
    return error(404, f"Invalid URL ({request.method} {request.path})")


def wrong_method(request: RawRequest) -> Document:
    """A path that exists, asked in another way."""
    message = f"Not allowed to {request.method} on {request.path}."
    return error(405, message, code="method_not_supported")


def unknown_model(model: str) -> Document:
    """A model that does not exist."""
    message = f"The model `{model}` does not exist or you do not have access to it."
    return error(404, message, code="model_not_found")


def wrong_key(request: RawRequest, expected: str | None) -> Document | None:
    """What a request without the key, or with another, is told; the key is not repeated."""
    given = request.headers.get("Authorization", "")
    if expected is None or given == f"Bearer {expected}":
        return None
    if not given:
        return error(401, "You didn't provide an API key in an Authorization header.")
    return error(401)


def wrong_body(body: Any) -> Document | None:
    """What is wrong with the document of a request for an answer."""
    if not isinstance(body, dict):
        return error(400, "We could not parse the JSON body of your request.")
    if not isinstance(body.get("model"), str) or not body["model"]:
        return error(400, "you must provide a model parameter")
    if body.get("stream_options") is not None and body.get("stream") is not True:
        return error(
            400,
            "The 'stream_options' parameter is only allowed when 'stream' is enabled.",
            param="stream_options",
        )
    return _wrong_messages(body.get("messages"))


def _wrong_messages(messages: Any) -> Document | None:
    if messages is None:
        text = "Missing required parameter: 'messages'."
        return error(400, text, code="missing_required_parameter", param="messages")
    if not isinstance(messages, list) or not messages:
        text = "Invalid 'messages': expected an array with minimum length 1."
        return error(400, text, code="empty_array", param="messages")
    for index, message in enumerate(messages):
        if not isinstance(message, dict):
            text = f"Invalid type for 'messages[{index}]': expected an object."
            return error(400, text, code="invalid_type", param=f"messages[{index}]")
        if message.get("role") not in ROLES:
            supported = ", ".join(repr(role) for role in ROLES)
            text = f"Invalid value for 'role'. Supported values are: {supported}."
            return error(400, text, code="invalid_value", param=f"messages[{index}].role")
    return None
