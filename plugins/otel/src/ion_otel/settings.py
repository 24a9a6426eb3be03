"""Settings of the plugin; ranges stand in the manifest."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import unquote, urlsplit

import attrs

_PAIRS = "must be as name=value,name=value, with percent-encoded values"


@attrs.frozen(kw_only=True)
class OtelSettings:
    """Where spans go, which, and how they are named.

    Attributes:
        endpoint: address of the collector.
        traces_endpoint: whole address for traces.
        protocol: protocol of the collector; there is but one.
        headers: headers for the collector.
        disabled: whether nothing is sent.
        service_name: name of the service.
        resource_attributes: further attributes of the service.
        sampler: which traces are sent.
        sampling_ratio: share of traces, 0 to 1.
        profile: version of the conventions.
        semconv_opt_in: conventions that are opted into.
        queue_size: spans that wait at most.
        batch_size: spans of a request at most.
        delay_ms: milliseconds after which a batch is sent though it is not full.
        timeout_s: seconds for handing over a batch.
        flush_s: seconds that the end waits for what is queued.
        include_ids: whether spans hold request and session ids.
        include_content: whether spans hold messages and answers.
    """

    endpoint: str | None = None
    traces_endpoint: str | None = None
    protocol: str = "http/protobuf"
    headers: str | None = attrs.field(default=None, repr=False)
    disabled: bool = False
    service_name: str | None = None
    resource_attributes: str | None = None
    sampler: str = "parentbased_traceidratio"
    sampling_ratio: float = 1.0
    profile: str = "auto"
    semconv_opt_in: tuple[str, ...] = ()
    queue_size: int = 2048
    batch_size: int = 512
    delay_ms: int = 5000
    timeout_s: float = 10.0
    flush_s: float = 1.5
    include_ids: bool = False
    include_content: bool = False

    @property
    def url(self) -> str:
        """Where traces are sent."""
        return self.traces_endpoint or f"{(self.endpoint or '').removesuffix('/')}/v1/traces"

    def problems(self) -> list[str]:
        """What cannot work, one sentence each, the key first."""
        found = []
        for key in ("endpoint", "traces_endpoint"):
            address = getattr(self, key)
            if address is not None and not _is_address(address):
                found.append(
                    f"{key}: must be as http://HOST:4318, without user, password, query and blanks;"
                    " a key belongs into headers"
                )
        for key in ("headers", "resource_attributes"):
            try:
                pairs(getattr(self, key))
            except ValueError as error:
                found.append(f"{key}: {error}")
        if self.batch_size > self.queue_size:
            found.append(f"batch_size: must be at most queue_size, which is {self.queue_size}")
        return found


def pairs(text: str | None) -> Mapping[str, str]:
    """Names and values, as OpenTelemetry's variables hold them.

    Args:
        text: ``name=value,name=value``, the values percent-encoded; None for nothing.

    Raises:
        ValueError: it has another form; the text repeats nothing of it, for it may be secret.
    """
    found = {}
    for part in filter(None, map(str.strip, (text or "").split(","))):
        name, equals, value = (unquote(piece).strip() for piece in part.partition("="))
        if not (name and equals) or not (name + value).isprintable():
            raise ValueError(_PAIRS)
        found[name] = value
    return found


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        known = parts.port is None or parts.port > 0
    except ValueError:
        return False
    plain = text.isprintable() and not set(text) & set(" ?#\\") and "@" not in parts.netloc
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and known and plain
