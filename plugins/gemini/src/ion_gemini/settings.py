"""The plugin's settings, and what the manifest's schema cannot check."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

import attrs

from ion_framework.resilience.service_address import address_problem
from ion_framework.resilience.service_settings import ServiceSettings, identity

_MODEL_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_NAME = re.compile(r"[a-z0-9:.-]{1,100}")
_API_VERSION = re.compile(r"v[0-9]{1,3}(alpha|beta)?[0-9]{0,3}")
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_SHOWN = 80

GEMINI_URL = "https://generativelanguage.googleapis.com/"
"""Where keys of Google AI Studio are used."""

_MULTI_REGIONS = ("us", "eu")


@attrs.frozen(kw_only=True)
class GeminiSettings(ServiceSettings):
    """What the manifest describes, in the same words; None where nothing sets it."""

    model: str
    base_url: str | None = None
    api_version: str | None = None
    vertex: bool = False
    vertex_project: str | None = None
    vertex_location: str = "global"
    stream: bool = True
    thinking_budget: int | None = None
    thinking_level: str | None = None
    safety_threshold: str | None = None

    @property
    def models(self) -> tuple[str, ...]:
        """Every model, the preferred one first."""
        return (self.model, *self.fallback_models)

    @property
    def uses_vertex(self) -> bool:
        """Whether Vertex AI is asked."""
        return self.vertex or bool(self.vertex_project)

    @property
    def url(self) -> str:
        """The service's address."""
        if self.base_url:
            return self.base_url
        if not self.uses_vertex:
            return GEMINI_URL
        if not self.vertex_project or self.vertex_location == "global":
            return "https://aiplatform.googleapis.com/"
        if self.vertex_location in _MULTI_REGIONS:
            return f"https://aiplatform.{self.vertex_location}.rep.googleapis.com/"
        return f"https://{self.vertex_location}-aiplatform.googleapis.com/"

    @property
    def is_local(self) -> bool:
        """Whether the service runs on this machine, which no proxy can reach."""
        return urlsplit(self.url).hostname in _LOOPBACK

    @property
    def version(self) -> str:
        """The API's version."""
        return self.api_version or ("v1beta1" if self.uses_vertex else "v1")

    @property
    def cache_identity(self) -> str:
        """What an answer depends on beside its prompt: model, service, safety and thinking."""
        return identity(
            self.model,
            (self.url, self.version, self.uses_vertex, self.vertex_project, self.vertex_location),
            (self.safety_threshold, self.thinking_budget, self.thinking_level),
        )

    def problems(self) -> Iterator[str]:
        """What is wrong beyond what the manifest describes, each with its key."""
        yield from super().problems()
        yield from _wrong_models(self)
        yield from _wrong_texts(self)
        if self.thinking_budget is not None and self.thinking_level is not None:
            yield "thinking_level: cannot be set together with thinking_budget; remove one of them"


def is_model_id(text: str) -> bool:
    """Whether a text can stand in a URL as the id of a model without changing its meaning."""
    return _MODEL_ID.fullmatch(text) is not None and text.strip(".") != ""


def _wrong_models(settings: GeminiSettings) -> Iterator[str]:
    keys = ["model", *("fallback_models" for _ in settings.fallback_models)]
    for key, model in zip(keys, settings.models, strict=True):
        if not is_model_id(model):
            yield (
                f"{key}: must be the id of a model, 1 to 64 letters, digits, dots, underscores "
                f"and hyphens without 'models/' before it, is {_shown(model)}"
            )


def _wrong_url(url: str) -> str:
    """What is wrong with an address, empty where nothing is; never shows it: it may hold a key."""
    problem = address_problem(url)
    parts = None if problem else urlsplit(url)
    if parts and parts.scheme == "http" and parts.hostname not in _LOOPBACK:
        problem = "over http:// anybody on the way reads the key"
    return problem and (
        f"{problem}; valid is https:// with host and path, and http:// for 127.0.0.1, localhost "
        "and [::1] alone"
    )


def _wrong_texts(settings: GeminiSettings) -> Iterator[str]:
    problem = _wrong_url(settings.base_url) if settings.base_url is not None else ""
    if problem:
        yield f"base_url: {problem}"
    if settings.api_version is not None and not _API_VERSION.fullmatch(settings.api_version):
        yield f"api_version: must look like v1 or v1beta1, is {_shown(settings.api_version)}"
    for key in ("vertex_project", "vertex_location"):
        value = getattr(settings, key)
        if value is not None and not _NAME.fullmatch(value):
            yield (
                f"{key}: must be 1 to 100 lower-case letters, digits, hyphens, dots and colons, "
                f"is {_shown(value)}"
            )


def _shown(text: str) -> str:
    return repr(text if len(text) <= _SHOWN else text[:_SHOWN] + "…")
