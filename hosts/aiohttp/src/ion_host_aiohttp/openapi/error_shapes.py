"""The bodies of errors in either style, as schemas."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus

from ion_host_aiohttp.api.endpoint import ErrorCase, ErrorStyle
from ion_host_aiohttp.errors import openai as errors_openai
from ion_host_aiohttp.errors import problem
from ion_host_aiohttp.errors import v1 as errors_v1
from ion_host_aiohttp.openapi.schemas import REFERENCE, Schema

_TEXT: Schema = {"type": "string"}
_TEXT_OR_NULL: Schema = {"type": ["string", "null"]}

ERROR_COMPONENTS: dict[str, Schema] = {
    "V1Error": {
        "title": "V1Error",
        "description": "An error of API v1.",
        "type": "object",
        "properties": {
            "error": {"type": "string", "description": "The cause, for people."},
            "status_code": {"type": "integer", "description": "The HTTP status once more."},
            "detail": {"type": "string", "description": "What to do about it."},
        },
        "required": ["error", "status_code"],
    },
    "V1NotFound": {
        "title": "V1NotFound",
        "description": "There is nothing at this address.",
        "type": "object",
        "properties": {"detail": _TEXT},
        "required": ["detail"],
    },
    "V1ValidationError": {
        "title": "V1ValidationError",
        "description": "Values that do not fit the schema.",
        "type": "object",
        "properties": {
            "detail": {
                "type": "array",
                "minItems": 1,
                "items": {
                    "type": "object",
                    "properties": {
                        "type": {"type": "string", "description": "Kind of the fault."},
                        "loc": {
                            "type": "array",
                            "items": {"type": ["string", "integer"]},
                            "description": "Where the value stands.",
                        },
                        "msg": {"type": "string", "description": "What is wrong, for people."},
                        "input": {"description": "The value, where it is short."},
                        "ctx": {"type": "object", "description": "The limits that it breaks."},
                    },
                    "required": ["type", "loc", "msg", "input", "ctx"],
                },
            }
        },
        "required": ["detail"],
    },
    "OpenAIError": {
        "title": "OpenAIError",
        "description": "An error of OpenAI's protocol.",
        "type": "object",
        "properties": {
            "error": {
                "type": "object",
                "properties": {
                    "message": {"type": "string", "description": "The cause, for people."},
                    "type": {"type": "string", "description": "Kind of the error."},
                    "param": {**_TEXT_OR_NULL, "description": "The one member at fault."},
                    "code": {"type": "string", "description": "The cause, for machines."},
                },
                "required": ["message", "type", "param", "code"],
            }
        },
        "required": ["error"],
    },
    "Problem": {
        "title": "Problem",
        "description": "An error of API v2: the members of RFC 9457, and the cause in `error`.",
        "type": "object",
        "properties": {
            "type": _TEXT,
            "title": {"type": "string", "description": "The name of the HTTP status."},
            "status": {"type": "integer", "description": "The HTTP status once more."},
            "detail": {"type": "string", "description": "The cause, for people."},
            "instance": {"type": "string", "description": "The path of the request."},
            "success": {"const": False},
            "error": {
                "type": "object",
                "properties": {
                    "code": {"type": "string", "description": "The cause, for machines."},
                    "message": _TEXT,
                    "field": {**_TEXT_OR_NULL, "description": "The one field at fault."},
                    "details": {"type": ["object", "null"], "description": "More for machines."},
                },
                "required": ["code", "message", "field", "details"],
            },
            "errors": {
                "type": ["array", "null"],
                "items": {
                    "type": "object",
                    "properties": {
                        "pointer": {
                            "type": "string",
                            "description": "Where the value stands: a JSON pointer (RFC 6901).",
                        },
                        "detail": {"type": "string", "description": "What is wrong, for people."},
                        "type": {"type": "string", "description": "Kind of the fault."},
                    },
                    "required": ["pointer", "detail", "type"],
                },
            },
            "request_id": _TEXT,
            "trace_id": {
                **_TEXT_OR_NULL,
                "description": "The trace of the header `traceparent`, if there is one.",
            },
            "timestamp": {"type": "string", "format": "date-time"},
        },
        "required": [
            "type",
            "title",
            "status",
            "detail",
            "instance",
            "success",
            "error",
            "errors",
            "request_id",
            "trace_id",
            "timestamp",
        ],
    },
}


def error_media_type(style: ErrorStyle) -> str:
    """What the body of an error is, by the style of its endpoint."""
    if style is ErrorStyle.OPENAI:
        return errors_openai.MEDIA_TYPE
    return problem.MEDIA_TYPE if style is ErrorStyle.V2 else errors_v1.MEDIA_TYPE


def error_schema(style: ErrorStyle, status: HTTPStatus, cases: Sequence[ErrorCase]) -> Schema:
    """The body of the errors that an endpoint has under one status."""
    if style is ErrorStyle.V2:
        codes = sorted({case.code for case in cases})
        error = {"properties": {"code": {"enum": codes}}}
        exact = {"properties": {"status": {"const": status.value}, "error": error}}
        return {"allOf": [_ref("Problem"), exact]}
    if style is ErrorStyle.OPENAI:
        codes = sorted({case.code for case in cases})
        error = {"properties": {"code": {"enum": codes}}}
        return {"allOf": [_ref("OpenAIError"), {"properties": {"error": error}}]}
    if status in errors_v1.BARE:
        return _ref("V1NotFound")
    if status is not HTTPStatus.UNPROCESSABLE_ENTITY:
        return _ref("V1Error")
    return {"anyOf": [_ref("V1ValidationError"), _ref("V1Error")]}


def _ref(name: str) -> Schema:
    return {"$ref": REFERENCE + name}
