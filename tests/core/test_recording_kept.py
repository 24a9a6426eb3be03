"""Recordings of what a store of conversations keeps."""

from __future__ import annotations

from contextlib import aclosing

import attrs

from ion_framework import hookimpl
from ion_framework.conversations.conversations import Start, conversations_of
from ion_framework.conversations.exporting import Selection
from ion_framework.conversations.model import Owner
from ion_framework.conversations.turning import TurnOrder
from ion_framework.domain.key import Tone
from ion_framework.pipeline.turn import TurnRequest
from ion_framework.recording.kept import KeptTurns
from ion_framework.recording.model import Header, Origin
from ion_framework.recording.reading import read_recording
from ion_framework.recording.taking import Manner
from ion_framework.recording.writing import RecordingWriter
from ion_framework.settings.conversations import ConversationSettings
from ion_framework.testing import MemoryStore, make_plugin, running_ion
from ion_framework.testing.contracts.store.values import make_conversation, talk
from tests.support.ensembles import drawn_to
from tests.support.recordings import key_names, played

OWNER = Owner(tenant="default", principal="ann")
PERSONAS = (drawn_to(Tone.ANXIOUS, "ann", 1), drawn_to(Tone.CURIOUS, "bob", 2))
MOODS = ("anxious", "curious", "anxious", "curious", "curious", "curious")
PRIVATE = "lee@mail.kr"


def shelf(store):
    """A store as a plugin."""

    class Provider:
        """Provides it."""

        @hookimpl
        def ion_provide_store(self):
            """The store."""
            return store

    return make_plugin("shelf", Provider(), "store")


async def talked(store, **start):
    """A conversation whose moods change, through the whole pipeline."""
    async with running_ion(key_names(), shelf(store), personas=PERSONAS) as ion:
        conversations = conversations_of(ion)
        started = await conversations.start(Start(owner=OWNER, user_id="u-ann", **start))
        for mood in MOODS:
            request = TurnRequest(text=f"{mood}-medium-learning {PRIVATE}")
            await conversations.turn(
                TurnOrder(
                    owner=OWNER,
                    conversation_id=started.id,
                    request=request,
                    present=lambda _made: "{}",
                )
            )


async def kept(store, file, *, user_id=None, manner=None):
    """The recording of a store."""
    manner = manner or Manner()
    header = Header(core="1", origin=Origin.CONVERSATIONS, at=0.0, redacted=not manner.full)
    with RecordingWriter(file) as writer:
        writer.begin(header)
        turns = KeptTurns(manner, ConversationSettings()).of(store, Selection(user_id=user_id))
        async with aclosing(turns) as found:
            async for turn in found:
                writer.add(turn)
    return read_recording(file)


async def test_a_conversation_is_routed_again_as_it_was(tmp_path):
    """Who holds a conversation counts in a replay, so that the same plugins move no turn of it."""
    store = MemoryStore()
    await talked(store)
    recording = await kept(store, tmp_path / "r", manner=Manner(full=True))
    async with running_ion(key_names(), personas=PERSONAS) as ion:
        turns, report = await played(ion, recording)

    answered = [turn.reply.persona for turn in recording.turns]
    assert len(MOODS) == report.turns
    assert answered != [{"anxious": "ann", "curious": "bob"}[mood] for mood in MOODS]
    assert answered == [turn.after.persona for turn in turns]
    assert (0, 0) == (report.moved, report.read_otherwise)
    assert (0, len(MOODS)) == (report.prompts_compared, report.latency.turns)


async def test_what_is_kept_is_redacted(tmp_path):
    """Neither an address in a message, in the history or in an answer, nor the user is in it."""
    store = MemoryStore()
    await talked(store)
    recording = await kept(store, tmp_path / "r")

    text = (tmp_path / "r").read_text()
    assert PRIVATE not in text
    assert "u-ann" not in text
    assert all(turn.altered for turn in recording.turns)
    assert 1 == len({turn.request.session_id for turn in recording.turns})


async def test_the_answers_and_receipts_are_kept(tmp_path):
    """Scores, times, finish and generator come from the receipts."""
    store = MemoryStore()
    await talked(store, persona="bob")
    recording = await kept(store, tmp_path / "r")

    turn = recording.turns[0]
    assert turn.decision.forced
    assert ("bob", "bob", "test-generator", "stop") == (
        turn.request.persona,
        turn.decision.primary,
        turn.reply.generator,
        turn.reply.finish,
    )
    assert {"ann", "bob"} == turn.decision.scores.keys()
    assert turn.stages
    assert turn.spent_ms > 0


async def test_turns_without_a_receipt_are_kept_as_far_as_they_are_known(tmp_path):
    """A turn whose receipt says nothing has its reading and its answer."""
    store = MemoryStore()
    await store.create(make_conversation("c1"))
    await store.create(attrs.evolve(make_conversation("c2"), user_id="other"))
    await talk(store, "c1", 2, receipt="{}")
    await talk(store, "c2", 1, receipt='{"scores": [1], "stages": 3, "finish_reason": "odd"}')
    everybody = await kept(store, tmp_path / "a")
    one = await kept(store, tmp_path / "b", user_id="other")

    assert (3, 1) == (len(everybody.turns), len(one.turns))
    (turn,) = one.turns
    assert (None, None, ()) == (turn.decision, turn.reply.finish, turn.stages)
    assert "calm-medium-learning" == str(turn.resonance.key)
