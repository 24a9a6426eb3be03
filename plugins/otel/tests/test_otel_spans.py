"""What arrives at a collector of turns: every stage, in its place and at its time."""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import pytest
from ion_otel.conventions import LATEST, V1_41
from opentelemetry.semconv._incubating.attributes import gen_ai_attributes

from ion_framework import TurnRequest, hookimpl
from ion_framework.domain.trace_context import TraceContext
from ion_framework.errors import FailureCause, GenerationError, NoAnswerError
from ion_framework.pipeline.chunks import Finish, FinishReason, TextChunk, Usage
from ion_framework.testing import (
    DictCache,
    FakeGenerator,
    make_plugin,
    make_request_completed,
    make_turn_failed,
    running_ion,
)

TRACE = TraceContext("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7", 1, "vendor=a,other=b")
INTERNAL, CLIENT = 1, 3
STAGES = ["guard", "context", "analyze", "route", "prompt", "cache", "generate", "finish"]
OF_PERSONA = {"prompt", "cache", "generate", "finish"}
SAID = "my doctor called ann@example.org about the results"


class Caching:
    """A plugin with a cache."""

    def __init__(self) -> None:
        self._cache = DictCache()

    @hookimpl
    def ion_provide_cache(self):
        """The cache."""
        return self._cache


class Broken:
    """A generator that quotes what it was asked when it fails."""

    model = "broken-1"

    @hookimpl
    async def ion_generate(self, prompt):
        """No answer."""
        raise GenerationError(FailureCause.UNAVAILABLE, f"refused to answer {prompt.user}")
        yield


class Priced:
    """A generator that says what it cost."""

    model = "model-1"

    @hookimpl
    async def ion_generate(self):
        """An answer."""
        yield TextChunk("Good morning.")
        usage = Usage(7, 3, 2, 0.25)
        yield Finish(FinishReason.STOP, usage, "model-1-0226", tries=2)


def parts(*more):
    """Plugins of a turn in which every stage occurs."""
    return make_plugin("cache", Caching(), "cache"), *more


def only(fake, name):
    """The one span of a name."""
    (span,) = fake.named(name)
    return span


async def one_turn(monitor, *plugins, **request: Any) -> None:
    """Have one turn observed, and everything sent."""
    async with running_ion(make_plugin("otel", monitor, "monitor"), *plugins) as ion:
        await ion.respond(TurnRequest(**({"text": SAID} | request)))


async def test_every_stage_of_a_turn_is_read_back(fake, monitor):
    """A request, its stages, the persona at work and the model are one tree of spans."""
    generator = make_plugin("openai-compatible", Priced(), "generator")
    await one_turn(monitor(fake.url), *parts(generator))

    root, agent = only(fake, "invoke_workflow ion.turn"), only(fake, "invoke_agent sage")
    stages = [only(fake, f"ion.{stage}") for stage in STAGES]
    chat = only(fake, "chat model-1")
    assert len(fake.spans) == 3 + len(STAGES)
    assert len({span.span_id for span in fake.spans}) == len(fake.spans)
    assert {span.trace_id for span in fake.spans} == {root.trace_id}
    assert (root.parent_id, agent.parent_id) == ("", root.span_id)
    for name, span in zip(STAGES, stages, strict=True):
        assert span.parent_id == (agent if name in OF_PERSONA else root).span_id
    assert chat.parent_id == stages[STAGES.index("generate")].span_id
    assert {span.kind for span in fake.spans if span is not chat} >= {INTERNAL}
    assert [span.name for span in fake.spans if span.kind == CLIENT] == ["chat model-1"]
    assert not any(span.failed for span in fake.spans)


async def test_times_are_nested_and_ordered(fake, monitor):
    """A part lies within its whole, and a stage begins when the one before it has ended."""
    await one_turn(monitor(fake.url), *parts())

    by_id = {span.span_id: span for span in fake.spans}
    for span in fake.spans:
        assert span.start <= span.end
        if span.parent_id:
            whole = by_id[span.parent_id]
            assert whole.start <= span.start
            assert span.end <= whole.end
    stages = [only(fake, f"ion.{stage}") for stage in STAGES]
    assert all(first.end <= then.start + 1 for first, then in pairwise(stages))
    assert only(fake, "ion.prompt").start == only(fake, "invoke_agent sage").start


async def test_spans_say_what_the_receipt_knows(fake, monitor):
    """Reading, routing, cache and plugins stand in the spans of their stages."""
    await one_turn(monitor(fake.url), *parts())

    root = only(fake, "invoke_workflow ion.turn").attributes
    assert root["gen_ai.operation.name"] == "invoke_workflow"
    assert root["gen_ai.workflow.name"] == "ion.turn"
    assert root["ion.resonance_key"] == "calm-medium-learning"
    assert (root["ion.cache.status"], root["ion.degraded"]) == ("miss", False)
    analyze = only(fake, "ion.analyze").attributes
    assert (analyze["ion.tone"], analyze["ion.intent"]) == ("calm", "learning")
    assert analyze["ion.plugins"] == ("test-analyzer",)
    route = only(fake, "ion.route").attributes
    assert route["ion.routing.primary"] == "sage"
    assert 0 <= route["ion.routing.confidence"] <= 1
    assert only(fake, "ion.prompt").attributes["ion.prompt"].startswith("sage/")
    cache = only(fake, "ion.cache").attributes
    assert (cache["ion.cache.hit"], cache["ion.cache.stored"]) == (False, True)
    assert only(fake, "ion.generate").attributes["ion.attempts"] == 1


async def test_a_model_is_told_by_the_conventions(fake, monitor):
    """An attempt has provider, models, tokens, finish reasons and the time to the first chunk."""
    await one_turn(monitor(fake.url), make_plugin("openai-compatible", Priced(), "generator"))

    told = dict(only(fake, "chat model-1").attributes)
    first = told.pop("gen_ai.response.time_to_first_chunk")
    assert 0 < first < 60
    assert told.pop("gen_ai.prompt.name").startswith("sage/")
    assert told == {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "model-1",
        "gen_ai.response.model": "model-1-0226",
        "gen_ai.response.finish_reasons": ("stop",),
        "gen_ai.usage.input_tokens": 7,
        "gen_ai.usage.output_tokens": 3,
        "gen_ai.usage.cache_read.input_tokens": 2,
        "ion.usage.cost_usd": 0.25,
        "ion.generator": "openai-compatible",
        "ion.tries": 2,
    }


async def test_a_hit_asks_no_model(fake, monitor):
    """An answer from the cache has no attempt, and the age of what was served."""
    async with running_ion(make_plugin("otel", monitor(fake.url), "monitor"), *parts()) as ion:
        for _ in range(2):
            await ion.respond(SAID)

    assert len(fake.named("ion.generate")) == 1
    hit = next(span for span in fake.named("ion.cache") if span.attributes["ion.cache.hit"])
    agent = next(span for span in fake.named("invoke_agent sage") if span.span_id == hit.parent_id)
    assert hit.attributes["ion.cache.age_s"] >= 0
    assert agent.attributes["ion.cache.hit"]
    assert len({span.trace_id for span in fake.spans}) == 2


async def test_a_failed_attempt_is_followed_by_the_next(fake, monitor):
    """A generator that fails has a span with its cause, and the stand-in's begins where it ends."""
    broken = make_plugin("gemini", Broken(), "generator")
    stand_in = make_plugin("offline", FakeGenerator(), "generator", fallback=True)
    await one_turn(monitor(fake.url), broken, stand_in)

    failed, good = only(fake, "generate_content broken-1"), only(fake, "chat fake-1")
    assert failed.failed
    assert failed.attributes["error.type"] == "unavailable"
    assert failed.attributes["gen_ai.provider.name"] == "gcp.gen_ai"
    assert "gen_ai.usage.input_tokens" not in failed.attributes
    assert good.attributes["gen_ai.provider.name"] == "offline"
    assert failed.end == good.start
    assert only(fake, "ion.generate").attributes["ion.plugins.failed"] == ("gemini",)
    assert only(fake, "invoke_workflow ion.turn").attributes["ion.degraded"]


async def test_a_turn_without_an_answer_is_an_error(fake, monitor):
    """A failed turn is one span with its code and nothing of what anybody said."""
    otel = make_plugin("otel", monitor(fake.url), "monitor")
    async with running_ion(otel, make_plugin("broken", Broken(), "generator")) as ion:
        with pytest.raises(NoAnswerError) as caught:
            await ion.respond(SAID)

    assert SAID in caught.value.detail
    (span,) = fake.spans
    assert (span.name, span.failed) == ("invoke_workflow ion.turn", True)
    assert span.attributes["error.type"] == "no_answer"
    assert SAID.encode() not in fake.bodies[0]


async def test_a_caller_who_leaves_is_no_error(fake, monitor):
    """A cancelled turn has its type and no error status, and other events make no span."""
    async with running_ion(make_plugin("otel", monitor(fake.url), "monitor")) as ion:
        ion.emit(make_turn_failed(SAID, code="cancelled", message="left", at=1_000.0))
        ion.emit(make_request_completed())

    (span,) = fake.spans
    assert (span.attributes["error.type"], span.failed) == ("cancelled", False)
    assert (span.start, span.end) == (999_900_000_000, 1_000_000_000_000)


async def test_the_callers_trace_goes_on(fake, monitor):
    """A turn stands below the span in the caller's ``traceparent``, with its ``tracestate``."""
    await one_turn(monitor(fake.url), trace=TRACE)

    root = only(fake, "invoke_workflow ion.turn")
    assert (root.parent_id, root.is_remote) == (TRACE.parent_id, True)
    assert {span.trace_id for span in fake.spans} == {TRACE.trace_id}
    assert {span.state for span in fake.spans} == {TRACE.state}
    assert not only(fake, "invoke_agent sage").is_remote


async def test_the_service_is_told(fake, monitor):
    """Name, version, further attributes and the maker of the spans arrive, and so do headers."""
    otel = monitor(
        fake.url + "/",
        service_name="ion-eu",
        resource_attributes="deployment.environment.name=a%20b,service.name=other",
        headers="x-key=a%2Cb",
    )
    await one_turn(otel)

    (resource,), (scope,), (sent,) = fake.resources, fake.scopes, fake.deliveries
    assert resource["service.name"] == "ion-eu"
    assert resource["deployment.environment.name"] == "a b"
    assert resource["service.version"]
    assert resource["telemetry.sdk.language"] == "python"
    assert (scope.scope.name, scope.scope.version) == ("ion_otel", "1.2.3")
    assert sent.headers["x-key"] == "a,b"
    assert fake.paths == ["/v1/traces"]


@pytest.mark.parametrize(
    ("settings", "is_latest"),
    [
        ({}, False),
        ({"semconv_opt_in": ("http", "gen_ai_latest_experimental")}, True),
        ({"profile": "latest"}, True),
        ({"profile": "1.41", "semconv_opt_in": ("gen_ai_latest_experimental",)}, False),
    ],
)
async def test_both_profiles_are_spoken(fake, monitor, settings: Mapping[str, Any], is_latest):
    """Setting and opt-in choose the conventions, by which names and schema differ."""
    await one_turn(monitor(fake.url, **settings))

    agent, chat = only(fake, "invoke_agent sage").attributes, only(fake, "chat fake-1").attributes
    assert agent["gen_ai.agent.name"] == "sage"
    assert ("gen_ai.agent.id" in agent) is not is_latest
    assert ("gen_ai.prompt.version" in chat) is is_latest
    (scope,) = fake.scopes
    assert scope.schema_url == ("" if is_latest else "https://opentelemetry.io/schemas/1.41.0")


def test_the_names_of_1_41_are_the_registrys():
    """Every name of the profile 1.41 stands in OpenTelemetry's own registry, not deprecated."""
    registry = {value for value in vars(gen_ai_attributes).values() if isinstance(value, str)}
    named = {getattr(V1_41, field.name) for field in V1_41.__attrs_attrs__} - {V1_41.schema_url, ""}

    assert named <= registry
    assert not named & {"gen_ai.system", "gen_ai.prompt", "gen_ai.completion"}
    assert LATEST.prompt_version not in registry


async def test_nothing_that_was_said_or_planted_arrives(fake, monitor):
    """Of twelve secrets in a turn's texts, ids, notes and failures none reaches the collector."""
    planted = {
        "text": "secret-01 and secret-02@example.org", "principal": "secret-03",
        "tenant": "secret-04", "user_id": "secret-05", "session_id": "secret-06",
        "summary": "secret-07", "notes": ("secret-08",), "request_id": "secret-09",
    }  # fmt: skip

    class Loose:
        """A generator that says what it should not, then one that fails and quotes it."""

        model = "m"

        @hookimpl
        async def ion_generate(self):
            """No answer, but a secret."""
            raise GenerationError(FailureCause.OTHER, "secret-10")
            yield

    loose = make_plugin("loose", Loose(), "generator")
    answering = FakeGenerator(("secret-11 {user}",))
    stand_in = make_plugin("tame", answering, "generator", fallback=True)
    otel = monitor(fake.url, headers="x-key=secret-12")
    await one_turn(otel, *parts(loose, stand_in), **planted)
    async with running_ion(make_plugin("otel", otel, "monitor"), loose) as ion:
        with pytest.raises(NoAnswerError):
            await ion.respond(TurnRequest(**planted))

    assert len(fake.named("invoke_workflow ion.turn")) == 2
    assert not [
        number for number in range(13) if f"secret-{number:02}".encode() in b"".join(fake.bodies)
    ]


async def test_content_comes_where_it_is_wanted(fake, monitor):
    """With ``include_content`` message and answer arrive in the conventions' form, redacted."""
    await one_turn(monitor(fake.url, include_content=True))

    agent = only(fake, "invoke_agent sage").attributes
    (asked,) = json.loads(agent["gen_ai.input.messages"])
    (told,) = json.loads(agent["gen_ai.output.messages"])
    assert asked["role"] == "user"
    assert "my doctor called" in asked["parts"][0]["content"]
    assert (told["role"], told["finish_reason"]) == ("assistant", "stop")
    assert b"ann@example.org" not in fake.bodies[0]


async def test_ids_come_where_they_are_wanted(fake, monitor):
    """With ``include_ids`` request and conversation stand in the spans, for looking them up."""
    await one_turn(monitor(fake.url, include_ids=True), request_id="r-1", session_id="s-1")

    for name in ("invoke_workflow ion.turn", "invoke_agent sage", "chat fake-1"):
        told = only(fake, name).attributes
        assert (told["ion.request_id"], told["gen_ai.conversation.id"]) == ("r-1", "s-1")
