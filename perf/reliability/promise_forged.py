"""Nobody gets in with a key or token that was forged, or that no longer holds."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from functools import partial

from ion_host_aiohttp.access.caller import Credentials
from ion_host_aiohttp.access.key_form import new_key
from ion_host_aiohttp.errors.failure import RequestFailed

from perf.reliability.door_stage import Stage, door_stage
from perf.reliability.forged_keys import Headers, forged_keys, odd_headers, wrong
from perf.reliability.forged_tokens import ES, HS, RS, forged_tokens, part
from perf.reliability.promise import Finding, Promise, Setting
from perf.reliability.timing import Call, timed, welch_t

SAMPLES = 10_000
CALLS = 64
"""Different credentials of each kind, so that no single one decides."""

HIGHEST_T = 4.5
UNAUTHORIZED = 401
OK = 200


async def check(setting: Setting) -> Sequence[Finding]:
    """Present every forged case over a socket, the good ones around them, and time the door."""
    async with door_stage(setting.folder) as stage:
        before = await _let_in(stage)
        wrongly, otherwise, number = await _forged(stage)
        after = await _let_in(stage)
        return [
            Finding(
                "good keys and tokens let in",
                "all",
                f"{before} and {after} of 5",
                before == after == _GOOD,
            ),
            Finding(f"forged of {number} accepted", "0", wrongly or "0", not wrongly),
            Finding(
                "forged answered otherwise than 401 or, oversized, 400",
                "0",
                otherwise or "0",
                not otherwise,
            ),
            Finding(
                "fetches of a forger's keys", "0", str(stage.server.lured), not stage.server.lured
            ),
            _leaked(stage),
            await _keys_timed(setting, stage),
            await _tokens_timed(setting, stage),
        ]


_GOOD = 5


async def _let_in(stage: Stage) -> int:
    """How many of the good ones are let in."""
    tokens = [stage.issuers.signed(issuer) for issuer in (HS, RS, ES)]
    good: list[Headers] = [_bearer(text) for text in (stage.keys.good, *tokens)]
    good.append([("X-API-Key", stage.keys.other)])
    return sum([await stage.status(headers) == OK for headers in good])


async def _forged(stage: Stage) -> tuple[str, str, int]:
    """What was accepted, what was answered otherwise than it should be, and of how many."""
    cases: list[tuple[str, Headers]] = []
    cases += [(name, _bearer(text)) for name, text in forged_tokens(stage.issuers)]
    for name, text in forged_keys(stage.keys):
        cases += [(f"{name}, bearer", _bearer(text)), (f"{name}, header", [("X-API-Key", text)])]
    cases += odd_headers(stage.keys, stage.issuers.signed(RS))
    found = [(name, await stage.status(headers)) for name, headers in cases]
    accepted = [name for name, status in found if status < _REFUSED]
    otherwise = [f"{name}: {status}" for name, status in found if status not in _PROPER]
    return ", ".join(accepted), ", ".join(otherwise), len(cases)


_REFUSED = 400
_PROPER = (400, UNAUTHORIZED)
"""What a forged request is told: 401; 400 where its head is too large to be one."""


def _leaked(stage: Stage) -> Finding:
    """Whether the log has a secret of a key, or a signature."""
    secrets = [key[17:] for key in (stage.keys.good, stage.keys.revoked, stage.keys.expired)]
    log = stage.log.getvalue()
    secrets += [text.split(".")[2] for text in (stage.issuers.signed(RS, exp=0),)]
    found = sum(secret in log for secret in secrets)
    return Finding("secrets in the log", "0", str(found), not found)


async def _keys_timed(setting: Setting, stage: Stage) -> Finding:
    """Whether the time tells a key id that exists from one that does not."""
    known = [_refused(stage, key=wrong(stage.keys.good, place % 43)) for place in range(CALLS)]
    unknown = [_refused(stage, key=new_key()[0]) for _ in range(CALLS)]
    return await _told_apart(setting, "known and unknown key ids", known, unknown)


async def _tokens_timed(setting: Setting, stage: Stage) -> Finding:
    """Whether the time tells how much of a signature is right."""
    header, claims = {"alg": "HS256"}, stage.issuers.claims(HS)
    text, _, signature = stage.issuers.mac(header, claims, stage.issuers.secret).rpartition(".")
    early, late = ([_flipped(signature, place) for place in places] for places in _PLACES)
    first = [_refused(stage, bearer=f"{text}.{changed}") for changed in early]
    second = [_refused(stage, bearer=f"{text}.{changed}") for changed in late]
    return await _told_apart(setting, "signatures wrong early and late", first, second)


async def _told_apart(
    setting: Setting, what: str, first: Sequence[Call], second: Sequence[Call]
) -> Finding:
    number = setting.number(SAMPLES, 500)
    samples = await timed(first, second, number, setting.random(what))
    t = welch_t(*samples)
    return Finding(
        f"Welch's t of {what}, {number} calls each",
        f"below {HIGHEST_T}",
        f"{abs(t):.2f}",
        abs(t) < HIGHEST_T,
        {"first": samples[0], "second": samples[1]},
    )


def _refused(stage: Stage, *, key: str | None = None, bearer: str | None = None) -> Call:
    return partial(_ask, stage, Credentials(key=key, bearer=bearer))


async def _ask(stage: Stage, credentials: Credentials) -> None:
    try:
        await stage.door.identify(credentials, "")
    except RequestFailed:
        return
    raise AssertionError("a forged one was let in")


def _flipped(signature: str, place: int) -> str:
    """A signature with one bit of one byte changed."""
    content = bytearray(base64.urlsafe_b64decode(signature + "="))
    content[place] ^= 1
    return part(bytes(content))


_PLACES = (range(4), range(28, 32))
"""Bytes at the beginning and at the end of an HMAC of SHA-256."""


def _bearer(text: str) -> Headers:
    return [("Authorization", f"Bearer {text}")]


PROMISE = Promise(
    number=21,
    title="Nobody gets in with a forged key or token",
    check=check,
    seconds=15,
    fast=True,
)
