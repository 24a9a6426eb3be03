"""How ``ion keys`` shows keys."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from ion_framework.cli.tables import Cell, Table
from ion_framework.domain.language import Language
from ion_framework.settings.model import Settings
from ion_framework.settings.serving import KeyMode
from ion_host_aiohttp.access.key_record import DailyUse, KeyRecord, KeyState
from ion_host_aiohttp.access.keys_work import Created, Listed
from ion_host_aiohttp.access.usage import utc_day
from ion_host_aiohttp.errors.messages import Message, own_catalogue, say

SHOWN_DAYS = 31
"""Days of use in a JSON list."""

_STATES = {
    KeyState.ACTIVE: (say("keys_active"), "good"),
    KeyState.EXPIRED: (say("keys_expired"), "notice"),
    KeyState.REVOKED: (say("keys_revoked_state"), "quiet"),
}


def document_of_new(created: Created) -> dict[str, object]:
    """The object that ``ion keys create --json`` writes."""
    return {"key": created.key, **_terms(created.record)}


def document_of(item: Listed) -> dict[str, object]:
    """The object that ``ion keys list --json`` writes for a key."""
    days = sorted(item.use.days)[-SHOWN_DAYS:]
    return {
        **_terms(item.record),
        "state": item.record.state(item.now).value,
        "revoked": _time(item.record.revoked),
        "last_used": _time(item.use.last_used),
        "today": _today(item),
        "days": {day: item.use.days[day] for day in days},
    }


def remarks_of_new(created: Created, settings: Settings, language: Language) -> list[str]:
    """What there is to say about a new key: how to use it, and what changes with it."""
    url = f"http://{settings.server.host}:{settings.server.port}/api/v2/personas"
    remarks = [say("keys_shown_once", url=url)]
    if settings.auth.keys is KeyMode.OFF:
        remarks.append(say("keys_are_off"))
    elif created.first:
        remarks.append(say("keys_first"))
    return [_text(remark, language) for remark in remarks]


def table_of(found: Sequence[Listed], language: Language) -> Table:
    """The keys as a table."""
    columns = tuple(_text(say("keys_columns"), language).split(","))
    return Table(columns, tuple(_row(item, language) for item in found))


def none_yet(language: Language) -> str:
    """That no key was created yet, and how to create one."""
    return _text(say("keys_none"), language)


def revoked(key_id: str, language: Language, *, was_in_force: bool) -> str:
    """That a key is revoked."""
    if was_in_force:
        return _text(say("keys_revoked", id=key_id), language)
    return _text(say("keys_revoked_before", id=key_id), language)


def _text(message: Message, language: Language) -> str:
    return own_catalogue().text(message, language)


def _row(item: Listed, language: Language) -> tuple[Cell | str, ...]:
    record, terms = item.record, item.record.terms
    state, mood = _STATES[record.state(item.now)]
    today = _today(item)
    return (
        record.id,
        terms.name or "-",
        Cell(_text(state, language), mood),
        " ".join(terms.scopes) or "-",
        terms.tier or "-",
        terms.tenant,
        _share(today.requests, terms.requests_per_day),
        _share(today.tokens, terms.tokens_per_day),
        _time(record.created) or "-",
        _time(terms.expires) or "-",
        _time(item.use.last_used) or "-",
    )


def _terms(record: KeyRecord) -> dict[str, object]:
    terms = record.terms
    return {
        "id": record.id,
        "name": terms.name,
        "scopes": terms.scopes,
        "tier": terms.tier,
        "tenant": terms.tenant,
        "requests_per_day": terms.requests_per_day,
        "tokens_per_day": terms.tokens_per_day,
        "created": _time(record.created),
        "expires": _time(terms.expires),
    }


def _today(item: Listed) -> DailyUse:
    return item.use.days.get(utc_day(item.now), DailyUse())


def _share(used: int, limit: int | None) -> str:
    return f"{used}/{limit}" if limit is not None else str(used)


def _time(seconds: float | None) -> str | None:
    """A time as ``2027-01-31T12:00:00Z``."""
    if seconds is None:
        return None
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%SZ}"
