"""Recorded turns under other plugins: what moves, what stays, and what the report says of it."""

from __future__ import annotations

from decimal import Decimal

import attrs
import pytest

from ion_framework import Refusal, hookimpl
from ion_framework.domain.key import ALL_KEYS, Intent, Pace, ResonanceKey, Tone
from ion_framework.domain.language import Language
from ion_framework.domain.persona import Affinities, PersonaPrompts
from ion_framework.domain.resonance import Resonance
from ion_framework.domain.routing import decide
from ion_framework.pipeline.turn import TurnRequest
from ion_framework.recording.report import Aspect, Latency, Move, percentile
from ion_framework.testing import (
    FailingGenerator,
    FakeGenerator,
    RecordingMonitor,
    make_persona,
    make_plugin,
    running_ion,
)
from tests.support.recordings import every_key, key_names, played, recorded


def one(text):
    """An exact decimal."""
    return Decimal(text)


def ones(texts):
    """Exact decimals."""
    return map(one, texts.split())


ANN = make_persona(
    "ann",
    rank=10,
    tone=dict(zip(Tone, ones("0.9 0.2 0.8 0.3 0.6 0.4 0.7 0.5 0.1"), strict=True)),
    pace=dict(zip(Pace, ones("0.3 0.8 0.9 0.5"), strict=True)),
    intent=dict(zip(Intent, ones("0.9 0.4 0.5 0.7 0.3 0.8"), strict=True)),
)
BOB = make_persona(
    "bob",
    rank=20,
    tone=dict(zip(Tone, ones("0.4 0.6 0.3 0.9 0.5 0.9 0.6 0.7 0.8"), strict=True)),
    pace=dict(zip(Pace, ones("0.7 0.5 0.4 0.6"), strict=True)),
    intent=dict(zip(Intent, ones("0.3 0.9 0.9 0.4 0.8 0.5"), strict=True)),
)
CAT = make_persona("cat", rank=30, tone={Tone.PLAYFUL: one("1"), Tone.URGENT: one("0.75")})
CHANGED_BOB = attrs.evolve(
    BOB,
    affinities=Affinities(
        {**BOB.affinities.tone, Tone.CALM: one("0.85"), Tone.CURIOUS: one("0.45")},
        {**BOB.affinities.pace, Pace.CONTEMPLATIVE: one("0.65")},
        BOB.affinities.intent,
    ),
)


def winner(key, personas):
    """Who answers a key by the formula of the domain, worked out here in exact decimals."""

    def score(persona):
        found = persona.affinities
        tone = found.tone.get(key.tone, one("0.5"))
        pace = found.pace.get(key.pace, one("0.5"))
        intent = found.intent.get(key.intent, one("0.5"))
        return one("0.5") * tone + one("0.3") * pace + one("0.2") * intent

    return min(personas, key=lambda persona: (-score(persona), persona.rank, persona.name)).name


async def test_exactly_the_turns_whose_routing_changes_are_reported(tmp_path):
    """Of 200 turns those move that the formula moves, from whom to whom it says, and no others."""
    messages = every_key(200)
    before, after = (ANN, BOB, CAT), (ANN, CHANGED_BOB, CAT)
    keys = [ResonanceKey.parse(text.split()[0]) for text in messages]
    expected = {
        number: (winner(key, before), winner(key, after))
        for number, key in enumerate(keys, 1)
        if winner(key, before) != winner(key, after)
    }
    async with running_ion(key_names(), personas=before) as ion:
        recording = await recorded(ion, tmp_path / "r", messages)
    async with running_ion(key_names(), personas=after) as ion:
        turns, report = await played(ion, recording)

    moved = {
        turn.number: (turn.before.persona, turn.after.persona)
        for turn in turns
        if turn.routing_changed
    }
    assert 10 < len(expected) < 190
    assert expected == moved
    assert (200, len(expected)) == (report.turns, report.moved)
    pairs = list(expected.values())
    assert {(m.before, m.after): m.turns for m in report.moves} == {
        pair: pairs.count(pair) for pair in pairs
    }
    assert report.changed(Aspect.ROUTING, 2.0)


async def test_the_same_plugins_change_nothing(tmp_path):
    """Under the plugins of the recording every turn is as it was, its prompt and answer too."""
    messages = [*every_key(20), f"{ALL_KEYS[3]} mail john.smith@gmail.com please"]
    async with running_ion(key_names(), personas=(ANN, BOB)) as ion:
        recording = await recorded(ion, tmp_path / "r", messages)
        turns, report = await played(ion, recording)

    assert (21, 21) == (len(turns), report.unchanged)
    assert (21, 0) == (report.prompts_compared, report.prompts_changed)
    assert (20, 0, 1.0) == (report.replies_compared, report.replies_changed, report.similarity)
    assert not any(report.changed(aspect, 1e9) for aspect in Aspect)


async def test_a_changed_prompt_is_told_apart_from_a_move(tmp_path):
    """A persona that only speaks otherwise keeps its turns; their prompts and answers differ."""
    other = PersonaPrompts({Language.ENGLISH: "You are somebody else."})

    async with running_ion(key_names(), personas=(ANN,)) as ion:
        recording = await recorded(ion, tmp_path / "r", every_key(5))
    async with running_ion(key_names(), personas=(attrs.evolve(ANN, prompts=other),)) as ion:
        _, report = await played(ion, recording)

    assert (0, 5, 5) == (report.moved, report.prompts_compared, report.prompts_changed)
    assert report.changed(Aspect.PROMPT, 2.0)
    assert not report.changed(Aspect.ROUTING, 2.0)


class Elsewhere:
    """An analyser that reads marks as playful, and everything else as calm."""

    @hookimpl
    def ion_analyze(self, turn):
        """The reading."""
        tone = Tone.PLAYFUL if "xx" in turn.text else Tone.CALM
        return Resonance.given(ResonanceKey(tone, Pace.MEDIUM, Intent.LEARNING), Language.ENGLISH)


async def test_a_redacted_message_is_routed_by_its_recorded_reading(tmp_path):
    """What marks do to a reading is told, and moves no turn."""
    analyzer = make_plugin("elsewhere", Elsewhere(), "analyzer")
    async with running_ion(analyzer, personas=(ANN, CAT)) as ion:
        recording = await recorded(ion, tmp_path / "r", ["plain", "mail ann.lee@mail.kr now"])
        turns, report = await played(ion, recording)

    assert [False, True] == [turn.by_recorded_key for turn in turns]
    assert (1, 1, 0) == (report.marked, report.marked_read_otherwise, report.read_otherwise)
    assert 2 == report.unchanged
    assert 0 == report.moved
    assert turns[1].before.key != turns[1].after.key


class Picky:
    """A guard that refuses what says please."""

    @hookimpl
    def ion_guard(self, turn):
        """The refusal."""
        return Refusal("polite", "no pleading with 10.1.2.3") if "please" in turn.text else None


async def test_turns_that_have_no_answer_any_more_count_as_routing(tmp_path):
    """A guard that refuses a turn takes it from its persona to nobody; the reason is redacted."""
    async with running_ion(key_names(), personas=(ANN,)) as ion:
        recording = await recorded(ion, tmp_path / "r", every_key(3))
    guard = make_plugin("picky", Picky(), "guard")
    async with running_ion(key_names(), guard, personas=(ANN,)) as ion:
        turns, report = await played(ion, recording)
        refused = await recorded(ion, tmp_path / "s", every_key(2))
    async with running_ion(key_names(), personas=(ANN,)) as ion:
        _, recovering = await played(ion, refused)

    assert (3, 3, 0) == (report.moved, report.failing, report.recovered)
    assert (Move(before="ann", after="(nobody)", turns=3, by_reading=3),) == report.moves
    assert "no pleading with 00.0.0.0" == turns[0].after.problem.message
    assert (0, 2) == (recovering.failing, recovering.recovered)


async def test_another_router_is_told_by_its_reasons(tmp_path):
    """A router that decides otherwise moves turns whose reading stays."""

    class Last:
        """A router that takes the last persona."""

        @hookimpl
        def ion_route(self, turn, personas):
            """The decision."""
            return decide(turn.resonance.key, personas[-1:])

    async with running_ion(key_names(), personas=(ANN, BOB)) as ion:
        recording = await recorded(ion, tmp_path / "r", every_key(30))
    router = make_plugin("last", Last(), "router")
    async with running_ion(key_names(), router, personas=(ANN, BOB)) as ion:
        _, report = await played(ion, recording)

    assert {("ann", "bob")} == {(move.before, move.after) for move in report.moves}
    assert [0] == [move.by_reading for move in report.moves]


async def test_generators_that_open_connections_are_asked_only_on_demand(tmp_path):
    """Without a demand no answer is made where a generator may cost something."""
    dear = make_plugin("dear", FakeGenerator(), "generator")
    manifest = attrs.evolve(
        dear.manifest, capabilities=attrs.evolve(dear.manifest.capabilities, network=True)
    )
    dear = attrs.evolve(dear, manifest=manifest)
    async with running_ion(key_names(), dear, personas=(ANN,)) as ion:
        recording = await recorded(ion, tmp_path / "r", every_key(3))
        _, prepared = await played(ion, recording)
        _, answered = await played(ion, recording, answers=True)

    assert (0, 3) == (prepared.replies_compared, answered.replies_compared)
    assert "guard, context, analyze, route, prompt" == prepared.latency.stages
    assert ("turn", 3) == (answered.latency.stages, answered.latency.turns)


async def test_a_generator_that_varies_is_not_taken_for_a_measure(tmp_path):
    """A free generator whose answers differ from one time to the next is not compared."""

    class Counting:
        """A generator that counts."""

        model = "counting"
        said = 0

        @hookimpl
        async def ion_generate(self):
            """The answer."""
            from ion_framework import Finish, TextChunk

            self.said += 1
            yield TextChunk(str(self.said))
            yield Finish()

    varying = make_plugin("varying", Counting(), "generator")
    async with running_ion(key_names(), varying, personas=(ANN,)) as ion:
        recording = await recorded(ion, tmp_path / "r", every_key(3))
        _, report = await played(ion, recording)

    assert 0 == report.replies_compared


async def test_answers_are_compared_where_the_first_turn_has_none(tmp_path):
    """A first turn that is refused does not keep the others from being compared."""
    plugins = (key_names(), make_plugin("picky", Picky(), "guard"))
    async with running_ion(*plugins, personas=(ANN,)) as ion:
        messages = (f"{ALL_KEYS[0]} please", f"{ALL_KEYS[1]} now")
        recording = await recorded(ion, tmp_path / "r", messages)
        _, report = await played(ion, recording)

    assert (2, 1, 0) == (report.turns, report.replies_compared, report.replies_changed)


async def test_a_generator_that_fails_leaves_routing_comparable(tmp_path):
    """Where answers cannot be made the turns are prepared all the same."""
    async with running_ion(key_names(), personas=(ANN,)) as ion:
        recording = await recorded(ion, tmp_path / "r", every_key(3))
    broken = make_plugin("broken", FailingGenerator(), "generator")
    async with running_ion(key_names(), broken, personas=(ANN,)) as ion:
        _, report = await played(ion, recording)

    assert (0, 0, 3) == (report.moved, report.failing, report.prompts_compared)


async def test_a_recording_that_was_kept_in_full_compares_every_answer(tmp_path):
    """Without marks there is nothing that a replay has to leave out."""
    from ion_framework.recording.taking import Manner

    requests = [TurnRequest(text=f"{ALL_KEYS[0]} mail a.b@mail.kr", user_id="ann")]
    async with running_ion(key_names(), personas=(ANN,)) as ion:
        recording = await recorded(ion, tmp_path / "r", requests, manner=Manner(full=True))
        turns, report = await played(ion, recording)

    assert not turns[0].by_recorded_key
    assert (1, 0) == (report.replies_compared, report.replies_changed)


async def test_rehearsals_are_told_to_nobody(tmp_path):
    """Observers hear of no turn that is only prepared."""
    monitor = RecordingMonitor()
    watching = make_plugin("watching", monitor, "monitor")
    async with running_ion(key_names(), watching, personas=(ANN,)) as ion:
        await ion.engine.rehearse(TurnRequest(text=every_key(1)[0]))

    assert [] == monitor.events


@pytest.mark.parametrize(
    ("before", "after", "slower"), [(10, 19, False), (10, 21, True), (0.1, 0.9, False)]
)
def test_slower_is_a_factor_and_more_than_noise(before, after, slower):
    """The 95th percentile has to double, and to grow by a millisecond at least."""
    found = Latency(stages="turn", turns=1, before_p95=before, after_p95=after)

    assert slower is found.slower(2.0)


def test_percentiles_are_values_that_occurred():
    """The nearest rank is taken, of one value as of many."""
    assert (3.0, 5.0, 7.0) == (
        percentile([5.0, 1.0, 3.0, 4.0, 2.0], 0.5),
        percentile([5.0, 1.0, 3.0, 4.0, 2.0], 0.95),
        percentile([7.0], 0.5),
    )
