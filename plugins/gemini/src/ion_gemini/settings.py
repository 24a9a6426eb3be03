"""The plugin's settings, and what the manifest's schema cannot check."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import attrs

from ion_framework.errors import SettingsError
from ion_framework.plugin_host.context import PluginContext
from ion_framework.resilience.stream_settings import StreamSettings
from ion_gemini.prices import PriceTable

_MODEL_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_KEY = re.compile(r"[\x21-\x7e]+")
_NAME = re.compile(r"[a-z0-9:.-]{1,100}")
_API_VERSION = re.compile(r"v[0-9]{1,3}(alpha|beta)?[0-9]{0,3}")
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_SHOWN = 80

GEMINI_URL = "https://generativelanguage.googleapis.com/"
"""Where keys of Google AI Studio are used."""

_MULTI_REGIONS = ("us", "eu")


@attrs.frozen(kw_only=True)
class GeminiSettings(StreamSettings):
    """What the manifest describes, in the same words; None where nothing sets it."""

    api_key: str | None = attrs.field(default=None, repr=False)
    model: str
    fallback_models: tuple[str, ...] = ()
    base_url: str | None = None
    api_version: str | None = None
    vertex: bool = False
    vertex_project: str | None = None
    vertex_location: str = "global"
    stream: bool = True
    thinking_budget: int | None = None
    thinking_level: str | None = None
    safety_threshold: str | None = None
    prices: tuple[str, ...] = ()
    max_connections: int = 256

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


def is_model_id(text: str) -> bool:
    """Whether a text can stand in a URL as the id of a model without changing its meaning."""
    return _MODEL_ID.fullmatch(text) is not None and text.strip(".") != ""


def read_settings(context: PluginContext) -> GeminiSettings:
    """The plugin's settings.

    Raises:
        SettingsError: with these no request could succeed; names every wrong key and what is valid
            there, and shows no secret.
    """
    # The host has checked names, types and ranges; cattrs would hide what is wrong beyond them.
    given: dict[str, Any] = dict(context.settings)
    try:
        settings = GeminiSettings(**given)
    except ValueError as error:
        raise SettingsError(f"plugin.{context.name}.{error}") from None
    problems = [f"plugin.{context.name}.{problem}" for problem in problems_of(settings)]
    if problems:
        raise SettingsError(*problems)
    return settings


def problems_of(settings: GeminiSettings) -> Iterator[str]:
    """What is wrong with settings beyond what the manifest describes, each with its key."""
    if settings.api_key is not None and not _KEY.fullmatch(settings.api_key):
        yield "api_key: must be visible ASCII characters alone; is there a blank in it?"
    yield from _wrong_models(settings)
    if settings.base_url is not None:
        problem = _wrong_url(settings.base_url)
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
    if settings.thinking_budget is not None and settings.thinking_level is not None:
        yield "thinking_level: cannot be set together with thinking_budget; remove one of them"
    yield from (f"prices: {problem}" for problem in PriceTable.problems(settings.prices))


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
    try:
        parts = urlsplit(url)
        host = parts.hostname
        _ = parts.port  # reading it is what checks it
    except ValueError:
        return "is not a URL"
    if "@" in parts.netloc:
        return "must not hold a user or password; give the key as api_key"
    if parts.query or parts.fragment or url != url.strip() or not url.isprintable():
        return "must be scheme, host and path alone, without '?', '#' and blanks"
    if not host or parts.scheme not in {"https", "http"}:
        return "must begin with https:// and name a host"
    if parts.scheme == "http" and host not in _LOOPBACK:
        return "must begin with https://; http:// serves for 127.0.0.1, localhost and [::1] alone"
    return ""


def _shown(text: str) -> str:
    return repr(text if len(text) <= _SHOWN else text[:_SHOWN] + "…")
