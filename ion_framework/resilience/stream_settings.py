"""The settings that every generator of a remote service has, under the same keys."""

from __future__ import annotations

import math

import attrs
from attrs.validators import ge, gt, le, lt

_seconds = (gt(0.0), lt(math.inf))
_share = (ge(0.0), le(1.0))


@attrs.frozen(kw_only=True)
class StreamSettings:
    """How long a service may take, how often it is asked again, when it is left alone.

    A plugin's own settings class inherits from it, and its manifest describes the same keys.

    Attributes:
        connect_s: seconds for making a connection; the upstream itself keeps to it.
        first_token_s: seconds from asking to the first piece of text, of one try. Silence counts
            for the breaker only in turns that have so much time, or nearly.
        next_token_s: seconds from one piece of text to the next.
        total_s: seconds of the whole answer, all tries included.
        tries: how often one model is asked for one answer at most, from 1 to 10; only once where
            it was silent or asks for a long wait, and another model is left.
        retry_base_s: the first wait is at most so many seconds, and each next one twice that.
        retry_longest_s: seconds that no wait exceeds, except one that the service asks for; while
            another model is left, seconds that the waits a service asks for come to.
        retry_ratio: retries per request that may be made in any case, 0 to 1.
        retry_success_ratio: retries that each success adds to that, 0 to 1.
        retry_reserve: retries that may be made in a burst beyond those shares.
        breaker_failures: so many failures of a model in a row, in the order in which the tries
            began (see `FailureRow`), open its breaker, when
        breaker_after_s: so many seconds lie between the first and the last of them; at least 0. A
            burst of requests may begin with a row of failures.
        breaker_open_s: seconds until an open breaker lets one request through to see.
        breaker_longest_open_s: seconds up to which that grows while the service stays down.

    Raises:
        ValueError: a value is outside its range, or two contradict each other; names them.
    """

    connect_s: float = attrs.field(default=5.0, validator=_seconds)
    first_token_s: float = attrs.field(default=20.0, validator=_seconds)
    next_token_s: float = attrs.field(default=15.0, validator=_seconds)
    total_s: float = attrs.field(default=120.0, validator=_seconds)
    tries: int = attrs.field(default=3, validator=[ge(1), le(10)])
    retry_base_s: float = attrs.field(default=0.25, validator=[ge(0.0), lt(math.inf)])
    retry_longest_s: float = attrs.field(default=8.0, validator=[ge(0.0), lt(math.inf)])
    retry_ratio: float = attrs.field(default=0.1, validator=_share)
    retry_success_ratio: float = attrs.field(default=0.4, validator=_share)
    retry_reserve: int = attrs.field(default=10, validator=ge(0))
    breaker_failures: int = attrs.field(default=10, validator=ge(1))
    breaker_after_s: float = attrs.field(default=2.0, validator=[ge(0.0), lt(math.inf)])
    breaker_open_s: float = attrs.field(default=1.0, validator=_seconds)
    breaker_longest_open_s: float = attrs.field(default=30.0, validator=_seconds)

    def __attrs_post_init__(self) -> None:
        for smaller, larger in _ORDERED:
            below, above = getattr(self, smaller), getattr(self, larger)
            if below > above:
                raise ValueError(
                    f"{smaller} ({below:g}) must not be more than {larger} ({above:g}): "
                    "lower the first or raise the second"
                )


_ORDERED = (
    ("connect_s", "first_token_s"),
    ("first_token_s", "total_s"),
    ("next_token_s", "total_s"),
    ("breaker_open_s", "breaker_longest_open_s"),
)
