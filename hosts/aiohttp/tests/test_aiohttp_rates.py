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


class TestLogins:
    """Keys that are guessed."""

    async def test_guesses_are_soon_not_looked_at(self, hosting, limiting, tmp_path):
        """After ten wrong keys an address gets 429, for a minute, and known keys pass all along."""
        async with keyed(hosting, limiting, tmp_path) as (host, clock, keys):
            known, unknown = keys
            assert await get(host, known) == 200
            found = [await get(host, f"guess {number}") for number in range(12)]
            assert found == [401] * 10 + [429] * 2
            assert [await get(host, known), await get(host, unknown)] == [200, 429]
            clock.advance(60.1)
            assert [await get(host, unknown), await get(host, "guess")] == [200, 401]

    async def test_somebody_without_credentials_is_no_guesser(self, hosting, limiting, tmp_path):
        """Requests that present nothing are told what is missing, however many there are."""
        async with keyed(hosting, limiting, tmp_path) as (host, _, _):
            found = []
            for _ in range(15):
                async with host.session.get(PERSONAS) as response:
                    found.append(response.status)
        assert found == [401] * 15

    async def test_a_refusal_says_why_and_until_when(self, limiting):
        """The problem is of the type for abnormal usage, and tells when to come again."""
        async with limiting() as (limiter, clock):
            for number in range(10):
                limiter.logins.admit("a", GOOD)
                await limiter.logins.failed("a", Credentials(bearer=f"{number}"))
                clock.advance(1)
            with pytest.raises(RequestFailed) as caught:
                limiter.logins.admit("a", GOOD)
            limiter.logins.admit("b", GOOD)
        failure = caught.value.failure
        assert (failure.status, failure.headers["Retry-After"]) == (429, "50")
        assert failure.problem_type.endswith("#abnormal-usage-detected")

    async def test_a_revoked_key_is_a_guess(self, limiting):
        """A key that was good and is no longer is not let through to be looked at for ever."""
        async with limiting() as (limiter, _):
            limiter.logins.succeeded(GOOD)
            for _ in range(10):
                limiter.logins.admit("a", GOOD)
                await limiter.logins.failed("a", GOOD)
            with pytest.raises(RequestFailed):
                limiter.logins.admit("a", GOOD)

    async def test_guessers_do_not_fill_the_memory(self, limiting):
        """Of a hundred thousand addresses and good keys ten thousand are remembered."""
        async with limiting(failed_logins="1/minute") as (limiter, _):
            for number in range(10_050):
                limiter.logins.succeeded(Credentials(key=f"{number}"))
                await limiter.logins.failed(f"{number}", GOOD)
            limiter.logins.admit("1", GOOD)
            with pytest.raises(RequestFailed):
                limiter.logins.admit("10049", GOOD)
