"""What every generator has to hold."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import ClassVar

from ion_framework.domain.conversation import Message, Role
from ion_framework.domain.prompt import PromptMode
from ion_framework.manifest.model import Kind
from ion_framework.pipeline.chunks import FinishReason
from ion_framework.pipeline.reply import ReplyDelta, ReplyDone, ReplyStarted
from ion_framework.pipeline.turn import TurnRequest
from ion_framework.testing.contracts.plugin import PluginContract


class GeneratorContract(PluginContract):
    """Subclass with ``plugin = "<name>"`` to test a plugin that provides a generator."""

    kind: ClassVar[Kind | None] = Kind.GENERATOR

    async def test_it_answers_and_says_who_it_is(self) -> None:
        """An answer is complete, not degraded, and names generator and model."""
        async with self.running() as ion:
            reply = await ion.respond("How do I read a query plan?")
            assert reply.content.strip()
            assert reply.finish_reason is FinishReason.STOP
            assert reply.degraded == ""
            assert reply.generator == self.plugin
            assert reply.model

    async def test_the_pieces_make_the_whole(self) -> None:
        """The pieces of the stream, put together, are the reply's content."""
        async with self.running() as ion:
            events = [event async for event in ion.stream("오늘 할 일을 정리해 주세요.")]
            assert isinstance(events[0], ReplyStarted)
            done = events[-1]
            assert isinstance(done, ReplyDone)
            pieces = [event.text for event in events if isinstance(event, ReplyDelta)]
            assert "".join(pieces) == done.reply.content
            assert all(pieces)

    async def test_it_takes_history_and_compact_prompts(self) -> None:
        """A turn with history, and one in compact mode, are answered."""
        history = (Message(Role.USER, "my build fails"), Message(Role.ASSISTANT, "since when?"))
        async with self.running() as ion:
            for mode in PromptMode:
                request = TurnRequest(text="since today", history=history, prompt_mode=mode)
                assert (await ion.respond(request)).content.strip()

    async def test_a_caller_may_leave_early(self) -> None:
        """Closing the stream after its first piece leaves no task behind."""
        async with self.running() as ion:
            before = len(asyncio.all_tasks())
            async with aclosing(ion.stream("Tell me a long story.")) as events:
                async for event in events:
                    if isinstance(event, ReplyDelta):
                        break
            await asyncio.sleep(0.05)
            assert len(asyncio.all_tasks()) <= before

    async def test_concurrent_turns_do_not_mix(self) -> None:
        """Twenty turns at once are all answered, each with its own request id."""
        async with self.running() as ion:
            replies = await asyncio.gather(*(ion.respond(f"question {n}") for n in range(20)))
            assert len({reply.receipt.request_id for reply in replies}) == len(replies)
