"""The examples in the hook specs: each runs as a plugin and takes part."""

import asyncio
import inspect
import textwrap
from decimal import Decimal

import attrs
import pytest

import ion_framework
from ion_framework import testing
from ion_framework.domain.routing import decide
from ion_framework.errors import TurnRefusedError
from ion_framework.pipeline.events import TurnCompleted
from ion_framework.pipeline.incoming import IncomingRequest
from ion_framework.pipeline.receipt import Outcome
from ion_framework.plugin_host.inspection import RULES, SPECS
from ion_framework.plugin_host.record import Status
from ion_framework.slo.notifying import notify
from ion_framework.testing import make_notice, make_plugin

MARK = "Example::\n"
QUESTION = "We utilise open source. May I come in?"
NOTICE = make_notice()


def example_source(hook):
    """The code of a hook's example, as its documentation shows it."""
    documentation = inspect.getdoc(SPECS[hook]) or ""
    _, found, block = documentation.partition(MARK)
    return textwrap.dedent(block).lstrip("\n") if found else ""


def names():
    """What the examples may use: the public names of the core and its kit."""
    public = {name: getattr(ion_framework, name) for name in ion_framework.__all__}
    kit = {name: getattr(testing, name) for name in testing.__all__}
    others = {"attrs": attrs, "Decimal": Decimal, "decide": decide, "TurnCompleted": TurnCompleted}
    return {**public, **kit, **others}


def run_example(hook):
    """The Ion, the example object, what it printed, and a turn's reply or refusal."""

    async def main():
        printed = []
        namespace = {**names(), "print": lambda *values: printed.append(values)}
        exec(compile(example_source(hook), f"<example of {hook}>", "exec"), namespace)  # noqa: S102  the examples are ours
        example = namespace["Example"]()
        kind = (RULES[hook].kinds or ("extension",))[0]
        ion = testing.make_ion(make_plugin("example", example, kind))
        async with ion:
            ready = getattr(example, "ready", None)
            try:
                result = await ion.respond(QUESTION)
                refused = await _refusal(ion)
            finally:
                await asyncio.sleep(0.01)
            status = ion.host.record("example").status
        return Run(ion, example, printed, result, refused, ready, status)

    return asyncio.run(main())


async def _refusal(ion):
    try:
        await ion.respond("open sesame")
    except TurnRefusedError as error:
        return error
    return None


@attrs.frozen
class Run:
    """What came of running an example."""

    ion: object
    example: object
    printed: list
    reply: object
    refused: object
    ready: object
    status: Status

    def visit(self, agent):
        """The refusal of a request of this program, None where it may pass."""
        request = IncomingRequest(method="GET", path="/", headers={"user-agent": agent})
        try:
            asyncio.run(self.ion.hooks.guard_request(request, self.ion.clock))
        except TurnRefusedError as error:
            return error
        return None

    def outcome(self, hook):
        """What the example did in the turn, None where it did not take part."""
        for item in self.reply.receipt.plugins:
            if (item.hook, item.plugin) == (hook, "example"):
                return item.outcome
        return None


def _answered(hook, also):
    return lambda run: run.outcome(hook) is Outcome.ANSWERED and also(run)


def _changed(hook, also):
    return lambda run: run.outcome(hook) is Outcome.CHANGED and also(run)


def _prompt_of(run):
    """The prompt of the last turn, as the test's generator received it."""
    (target,) = [
        registration.target
        for registration in run.ion.host.registrations()
        if registration.record.name == "test-generator"
    ]
    return target.prompts[-1]


def _is_told(run):
    """Whether the example prints what a notice says."""
    asyncio.run(notify(run.ion.hooks.of("ion_notify"), NOTICE))
    return run.printed == [("IonErrorRateHigh", "firing", 0.5)]


TOOK_PART = {
    "ion_guard_request": lambda run: (
        run.visit("curious/1") is None
        and (run.visit("nosy/1").guard, run.visit("nosy/1").code) == ("example", "nosy")
    ),
    "ion_notify": _is_told,
    "ion_provide_cache": lambda run: (
        isinstance(run.ion.cache, testing.DictCache) and run.ion.cache.stats().misses == 2
    ),
    "ion_provide_personas": lambda run: run.ion.persona("echo").name == "echo",
    "ion_provide_routes": lambda run: (
        run.ion.provisions.routes == (testing.NamedRoute("GET", "/example"),)
    ),
    "ion_provide_secrets": lambda run: run.ion.provisions.secret("jwt") == "s3cret",
    "ion_provide_store": lambda run: isinstance(run.ion.provisions.stores[0], testing.NullStore),
    "ion_shutdown": lambda run: run.example.ready is False,
    "ion_startup": lambda run: run.ready is True,
    "ion_guard": lambda run: (
        run.outcome("ion_guard") is Outcome.ALLOWED
        and (run.refused.guard, run.refused.code) == ("example", "magic_words")
    ),
    "ion_gather_context": _changed(
        "ion_gather_context", lambda run: "It is Friday." in _prompt_of(run).context
    ),
    "ion_analyze": _answered(
        "ion_analyze", lambda run: str(run.reply.receipt.key) == "calm-medium-learning"
    ),
    "ion_route": _answered("ion_route", lambda run: run.reply.decision.router == "example"),
    "ion_build_prompt": _answered(
        "ion_build_prompt", lambda run: run.reply.receipt.prompt == "terse@1"
    ),
    "ion_render_prompt": _changed(
        "ion_render_prompt", lambda run: _prompt_of(run).system.endswith("\nNever use emoji.")
    ),
    "ion_generate": _answered(
        "ion_generate",
        lambda run: (run.reply.content, run.reply.model) == (f"You said: {QUESTION}", "parrot-1"),
    ),
    "ion_transform_stream": _changed(
        "ion_transform_stream",
        lambda run: run.reply.content == "You said: We use open source. May I come in?",
    ),
    "ion_finish": _changed("ion_finish", lambda run: run.reply.metadata == {"words": 10}),
    "ion_observe": lambda run: [persona for persona, _ in run.printed] == ["sage", "sage"],
}


def test_every_hook_is_covered():
    """There is a check for every hook spec, in the order of the module."""
    assert list(SPECS) == list(TOOK_PART)


@pytest.mark.parametrize("hook", SPECS)
def test_the_example_takes_part(hook):
    """The documented example, run as a plugin, is active and does what the hook is for."""
    run = run_example(hook)

    assert Status.ACTIVE is run.status
    assert TOOK_PART[hook](run)


@pytest.mark.parametrize("hook", SPECS)
def test_every_hook_is_documented(hook):
    """A spec says when it is called, what it takes and returns, what a failure does, by example."""
    documentation = inspect.getdoc(SPECS[hook]) or ""
    takes = tuple(inspect.signature(SPECS[hook]).parameters)

    assert example_source(hook).startswith("class Example:")
    assert "fail" in documentation.lower()
    if takes:
        assert "Args:\n" in documentation
        assert all(f"    {name}: " in documentation for name in takes)
