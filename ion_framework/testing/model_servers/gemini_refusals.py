"""What Gemini says to requests that are wrong, and its error documents."""

from __future__ import annotations

import re
from typing import Any

from ion_framework.testing.model_servers.behaviours import Failure
from ion_framework.testing.model_servers.dialect import Call, Document, RawRequest, encoded, parsed

PATH = re.compile(
    r"/(?P<version>v1|v1alpha|v1beta|v1beta1)/"
    r"(?P<publisher>(?:projects/[^/]+/locations/[^/]+/)?publishers/google/)?"
    r"models(?:/(?P<model>[^/:]+)(?::(?P<method>[A-Za-z]+))?)?"
)
_SERVICE = "generativelanguage.googleapis.com"
_ERROR_INFO = "type.googleapis.com/google.rpc.ErrorInfo"
_RETRY_INFO = "type.googleapis.com/google.rpc.RetryInfo"
_FIELDS = frozenset(
    {
        "cachedContent",
        "contents",
        "generationConfig",
        "labels",
        "model",
        "modelArmorConfig",
        "safetySettings",
        "serviceTier",
        "store",
        "systemInstruction",
        "toolConfig",
        "tools",
    }
)
_NAMES = {
    400: ("INVALID_ARGUMENT", "Request contains an invalid argument."),
    401: (
        "UNAUTHENTICATED",
        "Request is missing required authentication credential. Expected OAuth 2 access token, "
        "login cookie or other valid authentication credential.",
    ),
    403: ("PERMISSION_DENIED", "The caller does not have permission"),
    404: ("NOT_FOUND", "Requested entity was not found."),
    429: (
        "RESOURCE_EXHAUSTED",
        "You exceeded your current quota, please check your plan and billing details.",
    ),
    499: ("CANCELLED", "The operation was cancelled."),
    500: ("INTERNAL", "An internal error has occurred. Please retry."),
    501: ("UNIMPLEMENTED", "Operation is not implemented, or supported, or enabled."),
    503: ("UNAVAILABLE", "The model is overloaded. Please try again later."),
    504: ("DEADLINE_EXCEEDED", "Deadline expired before operation could complete."),
}


def error(status: int, message: str = "", *details: dict[str, Any]) -> Document:
    """An error document; without a message it has the service's own."""
    name, usual = _NAMES.get(status, ("UNKNOWN", "Unknown Error."))
    content: dict[str, Any] = {"code": status, "message": message or usual, "status": name}
    if details:
        content["details"] = list(details)
    return Document(status, encoded({"error": content}))


def failure(call: Call, behaviour: Failure) -> Document:
    """The error document of a behaviour; a 404 without a message is about the model."""
    if behaviour.status == 404 and not behaviour.message:  # noqa: PLR2004  an HTTP status
        return unknown_model(call.path, call.model)
    details = []
    if behaviour.retry_delay_s is not None:
        details.append({"@type": _RETRY_INFO, "retryDelay": f"{behaviour.retry_delay_s:g}s"})
    document = error(behaviour.status, behaviour.message, *details)
    headers = {} if behaviour.retry_after is None else {"Retry-After": behaviour.retry_after}
    return Document(document.status, document.body, headers=headers)


def unknown_path(path: str) -> Document:
    """The page of Google's front end, which no document replaces."""
    page = (
        "<!DOCTYPE html>\n<html lang=en>\n  <title>Error 404 (Not Found)!!1</title>\n"
        f"  <p>The requested URL <code>{_escaped(path)}</code> was not found on this server.\n"
    )
    return Document(404, page.encode("utf-8", "replace"), "text/html; charset=UTF-8")


def unknown_model(path: str, model: str) -> Document:
    """A model that does not exist, in the words of the API that the path belongs to."""
    match = PATH.fullmatch(path)
    if match is not None and match["publisher"]:
        resource = path.partition("/")[2].partition("/")[2].partition(":")[0]
        return error(
            404,
            f"Publisher Model `{resource}` was not found or your project does not have access to "
            "it. Please ensure you are using a valid model version.",
        )
    version = match["version"] if match is not None else "v1"
    return error(
        404,
        f"models/{model} is not found for API version {version}, or is not supported for "
        "generateContent. Call ListModels to see the list of available models and their "
        "supported methods.",
    )


def wrong_key(request: RawRequest, expected: str | None) -> Document | None:
    """What a request without the key, or with another, is told; the key is not repeated."""
    bearer = request.headers.get("Authorization", "").removeprefix("Bearer ")
    given = request.headers.get("x-goog-api-key") or request.query.get("key") or bearer
    if expected is None or given == expected:
        return None
    if not given and "/publishers/" not in request.path:
        return error(
            403,
            "Method doesn't allow unregistered callers (callers without established identity). "
            "Please use API Key or other form of API consumer identity to call this API.",
        )
    if not given or bearer == given:
        return error(401)
    reason = {
        "@type": _ERROR_INFO,
        "reason": "API_KEY_INVALID",
        "domain": "googleapis.com",
        "metadata": {"service": _SERVICE},
    }
    return error(400, "API key not valid. Please pass a valid API key.", reason)


def wrong_body(request: RawRequest) -> Document | None:
    """What is wrong with the document of a request for an answer."""
    body = parsed(request.body)
    if not isinstance(body, dict):
        return error(400, "Invalid JSON payload received. Unexpected token.")
    unknown = [name for name in body if _camel(name) not in _FIELDS]
    if unknown:
        return error(
            400, f'Invalid JSON payload received. Unknown name "{unknown[0]}": Cannot find field.'
        )
    contents = body.get("contents")
    if not isinstance(contents, list) or not contents:
        return error(400, "* GenerateContentRequest.contents: contents is not specified\n")
    for index, content in enumerate(contents):
        wrong = _wrong_content(content)
        if wrong:
            return error(400, f"* GenerateContentRequest.contents[{index}]{wrong}\n")
    if request.path.endswith(":streamGenerateContent") and request.query.get("alt") != "sse":
        return error(400, "This fake serves streams with alt=sse only: add it to the URL.")
    return None


def _wrong_content(content: Any) -> str:
    if not isinstance(content, dict):
        return ": Proto field is not repeating, cannot start list."
    if content.get("role", "user") not in {"user", "model", ""}:
        return ".role: Please use a valid role: user, model."
    parts = content.get("parts")
    if (
        not isinstance(parts, list)
        or not all(isinstance(part, dict) for part in parts)
        or not parts
    ):
        return ".parts: contents.parts must not be empty."
    return ""


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(word[:1].upper() + word[1:] for word in others)


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
