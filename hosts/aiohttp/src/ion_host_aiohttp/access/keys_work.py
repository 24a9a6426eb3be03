"""What ``ion keys`` does with the file of keys."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import attrs
import click

from ion_framework.clock import Clock, SystemClock
from ion_framework.domain.language import Language
from ion_framework.pipeline.turn import DEFAULT_TENANT
from ion_framework.settings.model import Settings
from ion_host_aiohttp.access import key_file
from ion_host_aiohttp.access.key_form import is_key_id, new_key
from ion_host_aiohttp.access.key_record import KeyRecord, KeyTerms, KeyUse
from ion_host_aiohttp.access.key_store import KeyStore
from ion_host_aiohttp.errors.messages import Message, own_catalogue, say

LONGEST = 100
"""Characters of a name, a tier, a tenant or a scope."""

MOST_SCOPES = 50
_SCOPE = re.compile(r"[a-z0-9][a-z0-9._:/-]*")
_SPAN = re.compile(r"([1-9][0-9]{0,4})([mhdw])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


@attrs.frozen
class Created:
    """A key that was just made.

    Attributes:
        key: the key itself, to be shown once.
        record: what is kept of it.
        first: whether there was none before.
    """

    key: str = attrs.field(repr=False)
    record: KeyRecord
    first: bool


@attrs.frozen
class Listed:
    """A key, what was done with it, and the time at which that was looked up."""

    record: KeyRecord
    use: KeyUse
    now: float


def terms_of(  # noqa: PLR0913  one keyword per option
    settings: Settings,
    language: Language,
    *,
    name: str,
    scopes: tuple[str, ...],
    tier: str,
    tenant: str | None,
    requests_per_day: int | None,
    tokens_per_day: int | None,
    expires: str | None,
    clock: Clock | None = None,
) -> KeyTerms:
    """What the options say of a new key.

    Raises:
        click.UsageError: one of them cannot be; says what is valid.
    """
    for option, text in (("--name", name), ("--tier", tier), ("--tenant", tenant or "")):
        if len(text) > LONGEST or not text.isprintable():
            raise _wrong(say("keys_text_wrong", option=option, longest=LONGEST), language)
    if tier and tier not in settings.rate.tiers:
        known = ", ".join(sorted(settings.rate.tiers)) or "-"
        raise _wrong(say("keys_tier_unknown", tier=tier, known=known), language)
    for scope in scopes:
        if len(scope) > LONGEST or len(scopes) > MOST_SCOPES or not _SCOPE.fullmatch(scope):
            raise _wrong(say("keys_scope_wrong", scope=scope), language)
    return KeyTerms(
        name=name,
        scopes=tuple(sorted(set(scopes))),
        tier=tier,
        tenant=tenant or DEFAULT_TENANT,
        requests_per_day=requests_per_day,
        tokens_per_day=tokens_per_day,
        expires=_end(expires, (clock or SystemClock()).time(), language) if expires else None,
    )


def create(settings: Settings, terms: KeyTerms, clock: Clock | None = None) -> Created:
    """Make a key and keep it.

    Raises:
        KeyFileError: the file cannot be made or written.
    """
    path = key_file.key_file_of(settings)
    key_file.create(path)
    key, kept = new_key()
    now = (clock or SystemClock()).time()
    record = KeyRecord(id=kept.id, digest=kept.digest, terms=terms, created=now)
    with KeyStore(path) as store:
        first = not store.records()
        store.add(record)
    return Created(key, record, first)


def listed(settings: Settings, clock: Clock | None = None) -> list[Listed]:
    """Every key that ever was, the oldest first; none where there is no file.

    Raises:
        KeyFileError: the file cannot be read.
    """
    path = key_file.key_file_of(settings)
    if not key_file.exists(path):
        return []
    now = (clock or SystemClock()).time()
    with KeyStore(path) as store:
        use = store.use()
        return [Listed(record, use.get(record.id, KeyUse()), now) for record in store.records()]


def revoke(settings: Settings, key_id: str, language: Language, clock: Clock | None = None) -> bool:
    """Revoke a key; gives whether it was in force.

    Raises:
        KeyFileError: the file cannot be written.
        click.UsageError: there is no such key.
    """
    path = key_file.key_file_of(settings)
    if key_file.exists(path) and is_key_id(key_id):
        with KeyStore(path) as store:
            was_in_force = store.revoke(key_id, (clock or SystemClock()).time())
        if was_in_force is not None:
            return was_in_force
    # What is no id may be a whole key, which does not belong on a screen.
    shown = key_id if is_key_id(key_id) else "…"
    raise _wrong(say("keys_unknown", id=shown), language)


def _end(text: str, now: float, language: Language) -> float:
    """The time that an option names, seconds since the epoch.

    Raises:
        click.UsageError: it names none, or one that has passed.
    """
    span = _SPAN.fullmatch(text)
    if span is not None:
        return now + timedelta(**{_UNITS[span[2]]: int(span[1])}).total_seconds()
    try:
        named = datetime.fromisoformat(text)
    except ValueError:
        raise _wrong(say("keys_expires_wrong", text=text), language) from None
    end = (named if named.tzinfo else named.replace(tzinfo=UTC)).timestamp()
    if end <= now:
        raise _wrong(say("keys_expires_past", text=text), language)
    return end


def _wrong(message: Message, language: Language) -> click.UsageError:
    return click.UsageError(own_catalogue().text(message, language))
