"""Receipts of turns as callers see them."""

from __future__ import annotations

from functools import lru_cache
from operator import attrgetter
from typing import Any

import attrs
import msgspec

from ion_framework.pipeline.chunks import Usage
from ion_framework.pipeline.receipt import Attempt, CacheOutcome, Outcome, Participation, Receipt
from ion_host_aiohttp.api.by_identity import ByIdentity
from ion_host_aiohttp.api.encoding import encode, encode_sure
from ion_host_aiohttp.api.templates import GAPS, Template

LARGEST_AMOUNT = 2**53
"""Whole numbers below it arrive unchanged in every client, JavaScript's numbers included."""

REMEMBERED = 256
"""Receipts of which it is remembered how they are written; some kilobytes each."""


def receipt_document(receipt: Receipt) -> dict[str, object]:
    """A receipt as callers see it: the key as it is written, everything else as it is named.

    Of failures it tells who and that, never why: the text of a plugin's exception may hold a
    secret, or the user's words.
    """
    return {
        "request_id": receipt.request_id,
        "key": str(receipt.key),
        "scores": dict(receipt.scores),
        "margin": receipt.margin,
        "confidence": receipt.confidence,
        "reasons": receipt.reasons,
        "evidence": receipt.evidence,
        "plugins": [_without(item, "detail") for item in receipt.plugins],
        "cache": _cache(receipt.cache),
        "attempts": [_without(item, "error") for item in receipt.attempts],
        "finish_reason": receipt.finish_reason,
        "usage": usage_document(receipt.usage),
        "stages": receipt.stages,
        "prompt": receipt.prompt,
        "deadline_ms": receipt.deadline_ms,
        "spent_ms": receipt.spent_ms,
    }


def receipt_json(receipt: Receipt) -> bytes:
    """`receipt_document` as JSON. Of a turn that came before only what is new is written anew."""
    try:
        return receipt_json_strictly(receipt)
    except UnicodeEncodeError:
        return encode(receipt_document(receipt))


def receipt_json_strictly(receipt: Receipt) -> bytes:
    """The same, where every text in it has a form in UTF-8.

    An answer tells it, and so does the memory for feedback right before: of the receipt that was
    told last the text is at hand.

    Raises:
        UnicodeEncodeError: a text holds a surrogate without its partner.
    """
    if _told and _told[0][0] is receipt:
        return _told[0][1]
    template = _templates.of(_lasting(receipt), lambda: Template(_with_gaps(receipt)))
    text = template.filled(
        encode_sure(receipt.request_id),
        _plugins.of((receipt.plugins,), lambda: _plugins_json(receipt.plugins)),
        encode_sure(_cache(receipt.cache)),
        encode_sure(receipt.stages),
        encode_sure(receipt.prompt),
        encode_sure(receipt.deadline_ms),
        encode_sure(receipt.spent_ms),
    )
    _told[:] = [(receipt, text)]
    return text


_told: list[tuple[Receipt, bytes]] = []
"""The last receipt, held so that no other one can take its identity, and its text."""


def written_receipt(receipt: Receipt) -> Any:
    """`receipt_json` as a value that stands in a document in the place of `receipt_document`."""
    return msgspec.Raw(receipt_json(receipt))


def _with_gaps(receipt: Receipt) -> dict[str, object]:
    return {**receipt_document(receipt), **dict(zip(_NEW, GAPS, strict=False))}


_NEW = (
    "request_id",
    "plugins",
    "cache",
    "stages",
    "prompt",
    "deadline_ms",
    "spent_ms",
)
"""What may be another object in the next turn with the same message."""

_lasting = attrgetter(*(field.name for field in attrs.fields(Receipt) if field.name not in _NEW))
_templates = ByIdentity[Template](REMEMBERED)
_plugins = ByIdentity[bytes](REMEMBERED)


def _plugins_json(plugins: tuple[Participation, ...]) -> bytes:
    """Who took part, as JSON: the same few implementations, each time with another duration."""
    parts = [
        _beginning(each.hook, each.plugin, each.distribution, each.version, each.outcome)
        + encode_sure(each.duration_ms)
        for each in plugins
    ]
    return b"[%b}]" % b"},".join(parts) if parts else b"[]"


@lru_cache(4096)
def _beginning(hook: str, plugin: str, distribution: str, version: str, outcome: Outcome) -> bytes:
    """A participation as JSON up to its duration, which comes last."""
    each = Participation(hook, plugin, distribution, version, outcome, 0)
    return encode_sure(_without(each, "detail")).removesuffix(b"0}")


def _cache(outcome: CacheOutcome) -> CacheOutcome:
    """What the cache did, without what the cache said, which follows a colon."""
    if ":" not in outcome.reason:
        return outcome
    return attrs.evolve(outcome, reason=outcome.reason.partition(":")[0])


def usage_document(usage: Usage) -> dict[str, float | None]:
    """Tokens and price of an answer; what is no sensible number counts as unknown.

    A third party's generator may put anything there, and the answer itself is good.
    """
    found = {name: getattr(usage, name) for name in _AMOUNTS}
    return {name: value if _is_amount(value) else None for name, value in found.items()}


_AMOUNTS = tuple(field.name for field in attrs.fields(Usage))


def _is_amount(value: object) -> bool:
    return isinstance(value, int | float) and 0 <= value < LARGEST_AMOUNT


def _without(item: Attempt | Participation, hidden: str) -> dict[str, object]:
    return {
        field.name: getattr(item, field.name)
        for field in attrs.fields(type(item))
        if field.name != hidden
    }
