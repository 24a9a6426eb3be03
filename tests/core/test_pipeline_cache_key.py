"""Under which key an answer is stored, and who may be served it."""

import asyncio

import attrs
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from ion_framework.domain.conversation import Message, Role
from ion_framework.domain.key import ALL_KEYS
from ion_framework.domain.language import Language
from ion_framework.domain.persona import CachePolicy, CacheScope, GenerationParameters
from ion_framework.domain.prompt import Prompt, PromptMode
from ion_framework.pipeline.cache import CacheKey
from ion_framework.pipeline.cache_key import make_key, principal_of
from ion_framework.pipeline.chunks import Finish, TextChunk
from ion_framework.pipeline.markers import hookimpl
from ion_framework.pipeline.turn import TurnRequest
from ion_framework.testing import (
    CacheProvider,
    DictCache,
    make_persona,
    make_plugin,
    make_turn,
    running_ion,
)

QUESTION = "How do I read a query plan?"


class CountedGenerator:
    """Says the number of its answer."""

    def __init__(self, model="counted-1"):
        self.model = model
        self.count = 0

    @hookimpl
    async def ion_generate(self):
        """Generate as the class says."""
        self.count += 1
        yield TextChunk(f"answer {self.count}")
        yield Finish()


SHARED = make_persona(cache=CachePolicy(CacheScope.SHARED))


def statuses(*requests, persona=None, plugins=(), cache=None):
    """What the cache did for each request in turn."""

    async def main():
        store = make_plugin("store", CacheProvider(cache or DictCache()), "cache")
        async with running_ion(store, *plugins, personas=(persona or make_persona(),)) as ion:
            return [(await ion.respond(request)).receipt.cache.status for request in requests]

    return asyncio.run(main())


def request(text=QUESTION, **changes):
    """A request with a question."""
    return TurnRequest(text=text, **changes)


HISTORY = (Message(Role.USER, "my build fails"), Message(Role.ASSISTANT, "since when?"))
DIFFERENT = {
    "text": (request(), request("How do I write one?")),
    "principal": (request(principal="ann"), request(principal="bob")),
    "no principal": (request(principal="ann"), request()),
    "user": (request(user_id="ann"), request(user_id="bob")),
    "no user": (request(user_id="ann"), request()),
    "user of a principal's name": (request(principal="ann"), request(user_id="ann")),
    "principal like a user": (request(user_id="ann"), request(principal="anonymous:ann")),
    "principal like a list": (request(user_id="b"), request(principal='anonymous", "b')),
    "tenant": (request(tenant="one"), request(tenant="two")),
    "history": (request(history=HISTORY), request(history=HISTORY[:1])),
    "no history": (request(history=HISTORY), request()),
    "who said it": (
        request(history=(Message(Role.USER, "x"),)),
        request(history=(Message(Role.ASSISTANT, "x"),)),
    ),
    "summary": (request(summary="- U: one"), request(summary="- U: two")),
    "notes": (request(notes=("one",)), request(notes=("two",))),
    "resonance key": (request(key=ALL_KEYS[0]), request(key=ALL_KEYS[1])),
    "language": (request(language=Language.ENGLISH), request(language=Language.KOREAN)),
    "mode": (request(), request(prompt_mode=PromptMode.COMPACT)),
    "temperature": (request(), request(parameters=GenerationParameters(temperature=0.5))),
    "length": (
        request(parameters=GenerationParameters(max_output_tokens=5)),
        request(parameters=GenerationParameters(max_output_tokens=6)),
    ),
}
SAME = {
    "the same": (request(), request()),
    "space around": (request(), request(f"  {QUESTION}\n")),
    "another form of Unicode": (request("caf\u00e9"), request("cafe\u0301")),
    "another session": (request(session_id="one"), request(session_id="two")),
    "a principal's user": (
        request(principal="ann", user_id="x"),
        request(principal="ann", user_id="y"),
    ),
}


@pytest.mark.parametrize(("first", "second"), DIFFERENT.values(), ids=DIFFERENT)
def test_turns_that_differ_share_no_answer(first, second):
    """A difference in anything that an answer depends on, or in who asks, is a miss."""
    assert ["miss", "miss", "hit", "hit"] == statuses(first, second, first, second)


@pytest.mark.parametrize(("first", "second"), SAME.values(), ids=SAME)
def test_turns_that_are_the_same_share_an_answer(first, second):
    """What no answer depends on does not matter."""
    assert ["miss", "hit"] == statuses(first, second)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, "hit"),
        ({"history": HISTORY}, "miss"),
        ({"summary": "- U: hello"}, "miss"),
        ({"notes": ("It is Friday.",)}, "miss"),
    ],
)
def test_a_shared_persona_shares_only_what_has_no_history_and_no_context(change, expected):
    """Callers share answers of a shared persona unless the turn has history or user context."""
    first, second = (request(principal=name, **change) for name in ("ann", "bob"))

    assert ["miss", expected] == statuses(first, second, persona=SHARED)


def test_a_shared_persona_shares_within_a_tenant_only():
    """Answers of a shared persona never cross from one tenant to another."""
    assert ["miss", "miss"] == statuses(
        request(tenant="one"), request(tenant="two"), persona=SHARED
    )


def test_context_that_a_plugin_gathers_ends_the_sharing():
    """A turn into which a plugin brought context belongs to who asked."""

    class Gather:
        @hookimpl
        def ion_gather_context(self, turn):
            return attrs.evolve(turn.context, passages=(f"of {turn.request.principal}",))

    plugins = (make_plugin("gather", Gather(), "extension"),)
    found = statuses(
        request(principal="ann"), request(principal="bob"), persona=SHARED, plugins=plugins
    )

    assert ["miss", "miss"] == found


def test_nobody_can_pose_as_the_shared_caller():
    """An empty principal is a caller like any other, not the one that everybody shares."""
    key = make_key(make_turn(persona=SHARED), SHARED, _prompt(), "g@m")
    posing = make_key(make_turn(principal=""), make_persona(), _prompt(), "g@m")

    assert "" == key.principal
    assert "" != posing.principal


def _prompt(**changes):
    return attrs.evolve(
        Prompt("sage/standard", "1", "system", (), "user", Language.ENGLISH), **changes
    )


VERSIONS = {
    "persona": lambda turn, persona, prompt, generator: (
        turn,
        attrs.evolve(persona, version="1.1"),
        prompt,
        generator,
    ),
    "prompt": lambda turn, persona, prompt, generator: (
        turn,
        persona,
        attrs.evolve(prompt, version="2"),
        generator,
    ),
    "prompt name": lambda turn, persona, prompt, generator: (
        turn,
        persona,
        attrs.evolve(prompt, name="other"),
        generator,
    ),
    "generator": lambda turn, persona, prompt, generator: (turn, persona, prompt, "other@m"),
    "model": lambda turn, persona, prompt, generator: (turn, persona, prompt, "g@m2"),
    "system": lambda turn, persona, prompt, generator: (
        turn,
        persona,
        attrs.evolve(prompt, system="changed"),
        generator,
    ),
    "context": lambda turn, persona, prompt, generator: (
        turn,
        persona,
        attrs.evolve(prompt, context="changed"),
        generator,
    ),
}


@pytest.mark.parametrize("change", VERSIONS.values(), ids=VERSIONS)
def test_a_new_version_makes_earlier_answers_unreachable(change):
    """A change of persona, prompt, generator or model leads to another key."""
    parts = (make_turn(), make_persona(), _prompt(), "g@m")

    assert make_key(*parts).digest != make_key(*change(*parts)).digest


def test_a_new_schema_makes_everything_unreachable():
    """The version of what is stored is part of the digest."""
    key = make_key(make_turn(), make_persona(), _prompt(), "g@m")

    assert key.digest != attrs.evolve(key, schema=key.schema + 1).digest


def test_the_model_is_the_plugins_attribute():
    """A generator with another model does not serve what the first one answered."""
    cache = DictCache()
    found = [
        statuses(request(), cache=cache, plugins=(make_plugin("gen", target, "generator"),))
        for target in (CountedGenerator("m1"), CountedGenerator("m2"), CountedGenerator("m1"))
    ]

    assert [["miss"], ["miss"], ["hit"]] == found


def test_a_generator_may_say_all_that_its_answers_depend_on():
    """Where cache_identity differs, equal models share nothing; where it is equal, they do."""
    cache, found = DictCache(), []
    for identity in ("one address", "another", "", "one address"):
        generator = CountedGenerator("m1")
        if identity:
            generator.cache_identity = identity
        plugin = make_plugin("gen", generator, "generator")
        found += statuses(request(), cache=cache, plugins=(plugin,))

    assert ["miss", "miss", "miss", "hit"] == found


def test_generators_with_one_identity_share_nothing():
    """The plugin's name is in the key in any case."""
    cache, found = DictCache(), []
    for name in ("one", "other"):
        generator = CountedGenerator()
        generator.cache_identity = "the same"
        plugin = make_plugin(name, generator, "generator")
        found += statuses(request(), cache=cache, plugins=(plugin,))

    assert ["miss", "miss"] == found


def test_an_identity_that_cannot_be_read_fails_its_plugin():
    """An attribute that raises is told of its plugin, by name, at activation."""

    class Careless(CountedGenerator):
        @property
        def cache_identity(self):
            raise ValueError("no such setting")

    async def main():
        async with running_ion(make_plugin("gen", Careless(), "generator")) as ion:
            return ion.host.record("gen").reason

    assert "its attribute cache_identity raised ValueError" in asyncio.run(main())


# What is shown here is no matter of time, and a busy machine is no counter-example.
untimed = hypothesis_settings(deadline=None)

FIELDS = [field.name for field in attrs.fields(CacheKey) if field.name not in ("tags", "schema")]
keys = st.builds(CacheKey, **{name: st.text("ab|:@\x00-", max_size=3) for name in FIELDS})


@untimed
@given(keys, keys)
def test_unequal_keys_have_unequal_digests(one, other):
    """No text in one field can pass for the border to the next."""
    assert (one == other) == (one.digest == other.digest)


names = st.text('an:"[],\\ \x00', max_size=4)


@untimed
@given(names, st.none() | names, names, st.none() | names)
def test_unequal_callers_are_never_taken_for_each_other(one, one_user, other, other_user):
    """Principals and the names that anonymous callers give never run into each other."""

    def who(principal, user_id):
        return request(principal=principal or "anonymous", user_id=user_id)

    first, second = who(one, one_user), who(other, other_user)
    same = first.principal == second.principal and (
        first.principal != "anonymous" or (first.user_id or "") == (second.user_id or "")
    )
    assert same == (principal_of(first) == principal_of(second))


messages = st.lists(
    st.builds(Message, st.sampled_from(Role), st.text('a",[]', max_size=3)), max_size=3
).map(tuple)


@untimed
@given(messages, st.text('a",[]', max_size=3), messages, st.text('a",[]', max_size=3))
def test_unequal_prompts_have_unequal_digests(history, user, other_history, other_user):
    """No message can be written so that it passes for a longer history."""
    turn, persona = make_turn(), make_persona()
    one = _prompt(history=history, user=user)
    other = _prompt(history=other_history, user=other_user)
    digests = {make_key(turn, persona, prompt, "g@m").digest for prompt in (one, other)}

    assert (one == other) == (len(digests) == 1)
