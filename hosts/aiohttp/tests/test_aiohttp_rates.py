"""Rate limits at a real host: what is let through, what is said, and to whom it counts."""

from __future__ import annotations

import io
import json
from contextlib import asynccontextmanager

import attrs
import pytest
from ion_host_aiohttp.access import keys_work
from ion_host_aiohttp.access.authentication import make_authenticator
from ion_host_aiohttp.access.caller import Caller, Credentials
from ion_host_aiohttp.access.key_record import KeyTerms
from ion_host_aiohttp.api.endpoint import Answer, Endpoint, ErrorStyle
from ion_host_aiohttp.errors.failure import RequestFailed
from ion_host_aiohttp.rates.fields import duration
from ion_host_aiohttp.rates.making import make_limiter
from ion_host_aiohttp.run.logs import make_logger

from ion_framework import hookimpl
from ion_framework.errors import SettingsError
from ion_framework.settings.model import LogSettings, Settings
from ion_framework.settings.secrets import Secrets
from ion_framework.settings.serving import RateSettings, ServerSettings

PERSONAS = "/api/v2/personas"
CALLER = Caller(subject="203.0.113.7")
GOOD = Credentials(key="good")


@attrs.frozen(kw_only=True, slots=False)
class Several:
    """So many things at once."""

    number: int


class Bulk:
    """Provides an endpoint that costs as much as it is told to do."""

    @hookimpl
    def ion_provide_routes(self):
        """The endpoint."""

        async def handle(call, _service):
            return Answer(body={"done": call.body.number})

        return [
            Endpoint(
                method="POST",
                path="/api/v2/several",
                handler=handle,
                style=ErrorStyle.V2,
                summary="Do several things.",
                request=Several,
                cost=lambda body: body.number,
            )
        ]


async def spend(limiter, caller=CALLER, cost=1, *, runs_turns=False):
    """The header fields of a request; with its failure where it did not pass."""
    try:
        return await limiter.spend(caller, cost, runs_turns=runs_turns), None
    except RequestFailed as error:
        return error.failure.headers, error.failure


async def passing(limiter, caller=CALLER, tries=100):
    """How many of so many requests pass."""
    return [(await spend(limiter, caller))[1] for _ in range(tries)].count(None)


@asynccontextmanager
async def keyed(hosting, limiting, tmp_path, **rate):
    """A host that asks for keys, its clock, and two keys."""
    settings = Settings(data_dir=tmp_path)
    keys = [keys_work.create(settings, KeyTerms(scopes=("chat", "read"))).key for _ in range(2)]
    door = await make_authenticator(
        settings, Secrets({}), make_logger(io.StringIO(), LogSettings())
    )
    try:
        async with limiting(**rate) as (rates, clock), hosting(door=door, rates=rates) as host:
            yield host, clock, keys
    finally:
        await door.close()


async def get(host, key):
    """The status of a request with a key."""
    async with host.session.get(PERSONAS, headers={"X-API-Key": key}) as response:
        return response.status


class TestAnswers:
    """What callers are told."""

    async def test_every_answer_that_costs_tells_what_is_left(self, hosting, limiting):
        """Answers and errors hold the fields of the draft and those of OpenAI, free ones none."""
        async with limiting() as (rates, _), hosting(rates=rates) as host:
            first = await host.session.get(PERSONAS)
            wrong = await host.session.post("/api/v2/process", json={})
            free = await host.session.get("/health/live")
        assert first.headers["RateLimit-Policy"] == '"requests";q=30;w=60'
        assert first.headers["RateLimit"] == '"requests";r=29;t=60'
        assert first.headers["x-ratelimit-limit-requests"] == "30"
        assert first.headers["x-ratelimit-remaining-requests"] == "29"
        assert first.headers["x-ratelimit-reset-requests"] == "1m0s"
        assert (wrong.status, wrong.headers["RateLimit"]) == (422, '"requests";r=28;t=60')
        assert not [name for name in free.headers if "ratelimit" in name.lower()]

    async def test_v2_says_which_policy_was_violated(self, hosting, limiting):
        """A refusal of v2 is a problem of the registered type that names the policy."""
        async with limiting(limit="1/minute") as (rates, clock), hosting(rates=rates) as host:
            await host.session.get(PERSONAS)
            clock.advance(20.5)
            refused = await host.session.get(PERSONAS)
            body = await refused.json()
            clock.advance(float(refused.headers["Retry-After"]))
            after = await host.session.get(PERSONAS)
        assert (refused.status, refused.headers["Retry-After"]) == (429, "40")
        assert refused.headers["RateLimit"] == '"requests";r=0;t=40'
        assert body["type"] == "https://iana.org/assignments/http-problem-types#quota-exceeded"
        assert body["violated-policies"] == ["requests"]
        assert (body["error"]["code"], body["status"]) == ("RATE_LIMITED", 429)
        assert after.status == 200

    @pytest.mark.parametrize(
        ("language", "said"),
        [
            (None, "Rate limit exceeded: 30 per 1 minute"),
            ("en", "Rate limit exceeded: 30 per 1 minute"),
            ("ko", "요청 한도를 초과했습니다. 1분에 30회까지 보낼 수 있습니다."),
        ],
    )
    async def test_v1_says_what_it_always_said(self, hosting, limiting, language, said):
        """A refusal of v1 has the original's text unless the caller asks for Korean."""
        fields = {"Accept-Language": language} if language else {}
        async with limiting() as (rates, _), hosting(rates=rates) as host:
            for _ in range(30):
                await host.session.post("/chat", json={"message": "hi"})
            refused = await host.session.post("/chat", json={"message": "hi"}, headers=fields)
            body = await refused.json()
        assert body == {"error": said, "status_code": 429}

    async def test_bulk_counts_every_item(self, hosting, limiting, make):
        """A request of n counts n; one that can never pass is refused for good, with 413."""
        bulk = make.plugin("bulk", "extension", Bulk())
        async with (
            limiting(limit="10/minute") as (rates, _),
            hosting(*make.standard(), bulk, rates=rates) as host,
        ):
            found = []
            for number in (11, 9, 9):
                body = {"number": number}
                async with host.session.post("/api/v2/several", json=body) as response:
                    found.append((response.status, (await response.json()).get("error", {})))
        assert [status for status, _ in found] == [413, 200, 429]
        assert found[0][1]["details"] == {"cost": 11, "most": 10}

    @pytest.mark.parametrize(
        ("seconds", "text"),
        [(0, "0s"), (0.2, "1s"), (59.1, "1m0s"), (360, "6m0s"), (3630, "1h0m30s")],
    )
    def test_durations_are_those_of_openai(self, seconds, text):
        """A length of time is hours, minutes and seconds without blanks."""
        assert duration(seconds) == text


class TestCallers:
    """What callers may."""

    async def test_callers_count_by_themselves(self, limiting):
        """Each caller has a limit of its own."""
        async with limiting() as (limiter, _):
            assert [await passing(limiter, Caller(subject=name)) for name in "ab"] == [30, 30]

    async def test_tiers_have_their_own(self, limiting):
        """A tier's limit holds for its callers; an unknown one is the default, and one warning."""
        log = io.StringIO()
        async with limiting(log, tiers={"gold": "50/minute"}) as (limiter, _):
            assert await passing(limiter, Caller(subject="a", tier="gold")) == 50
            assert await passing(limiter, Caller(subject="b", tier="none")) == 30
        (line,) = [json.loads(text) for text in log.getvalue().splitlines()]
        assert (line["level"], line["tier"], line["known"]) == ("warning", "none", "gold")

    async def test_less_passes_under_load(self, limiting):
        """While the host is overloaded a share of the limit holds, and callers see it."""
        state = {"overloaded": True}
        async with limiting(overloaded=lambda: state["overloaded"]) as (limiter, _):
            assert await passing(limiter) == 15
            fields, _ = await spend(limiter)
            assert fields["RateLimit-Policy"] == '"requests";q=15;w=60'
            state["overloaded"] = False
            assert await passing(limiter) == 15

    async def test_budgets_of_a_key_hold(self, limiting):
        """A key's requests a day and tokens a day hold beside the limit, until midnight of UTC."""
        caller = Caller(subject="key:a", requests_per_day=3, tokens_per_day=100)
        async with limiting() as (limiter, clock):
            await limiter.book(caller, 100)
            fields, failure = await spend(limiter, caller, runs_turns=True)
            midnight = 86400 - clock.time() % 86400
            assert failure.extensions == {"violated-policies": ["tokens-day"]}
            assert int(fields["Retry-After"]) == midnight
            assert fields["x-ratelimit-limit-tokens"] == "100"
            assert fields["x-ratelimit-remaining-tokens"] == "0"
            assert '"tokens-day";q=100;w=86400;qu="ion-tokens"' in fields["RateLimit-Policy"]
            assert await passing(limiter, caller, 5) == 3
            _, failure = await spend(limiter, caller)
            assert failure.extensions == {"violated-policies": ["requests-day"]}
            clock.advance(midnight)
            assert (await spend(limiter, caller, runs_turns=True))[1] is None

    async def test_a_budget_of_everybody_counts_what_turns_spend(self, limiting):
        """With rate.tokens_per_day every caller has a budget, unless its key has another."""
        async with limiting(tokens_per_day=10) as (limiter, _):
            await limiter.book(CALLER, 10)
            await limiter.book(rich := Caller(subject="rich", tokens_per_day=20), 10)
            assert (await spend(limiter, runs_turns=True))[1].message.id == "tokens_used_up"
            assert (await spend(limiter, rich, runs_turns=True))[1] is None

    async def test_no_limit_has_no_fields(self, limiting):
        """Where the limit is off everything passes and nothing is told."""
        async with limiting(limit="off") as (limiter, _):
            assert await passing(limiter) == 100
            assert (await spend(limiter))[0] == {}

    async def test_off_is_for_this_machine_only(self):
        """A host that others can reach does not start without a limit."""
        logger = make_logger(io.StringIO(), LogSettings())
        for rate in (RateSettings(limit="off"), RateSettings(tiers={"vip": "off"})):
            settings = Settings(server=ServerSettings(host="0.0.0.0"), rate=rate)
            with pytest.raises(SettingsError, match=r"30/minute.*or listen on 127\.0\.0\.1"):
                await make_limiter(settings, logger)


class TestStrays:
    """Requests that are nobody's, or for nothing."""

    @pytest.mark.parametrize("kind", ["nothing presented", "presented twice", "no such address"])
    async def test_an_address_may_stray_so_often(self, hosting, limiting, tmp_path, kind):
        """They count for their address under rate.strays, and take nothing from a key's quota."""
        async with keyed(hosting, limiting, tmp_path, strays="5/minute") as (host, clock, keys):
            path = "/nowhere" if kind == "no such address" else PERSONAS
            fields = [("X-API-Key", keys[0])] * (2 if kind == "presented twice" else 0)
            found = []
            for _ in range(7):
                async with host.session.get(path, headers=fields) as response:
                    found.append(response.status)
            expected = 404 if kind == "no such address" else 401
            assert found == [expected] * 5 + [429] * 2
            async with host.session.get(PERSONAS, headers={"X-API-Key": keys[0]}) as response:
                assert response.headers["RateLimit"] == '"requests";r=29;t=60'
            clock.advance(60.1)
            async with host.session.get(path, headers=fields) as response:
                assert response.status == expected

    async def test_what_a_key_may_not_do_counts_for_it(self, hosting, limiting, tmp_path):
        """A 403 is paid from the caller's quota, so that nobody can ask for it without end."""
        async with keyed(hosting, limiting, tmp_path, limit="3/minute") as (host, _, keys):
            fields, found = {"X-API-Key": keys[0]}, []
            for _ in range(5):
                async with host.session.post("/api/v2/cache/clear", headers=fields) as response:
                    found.append(response.status)
        assert found == [403] * 3 + [429] * 2
