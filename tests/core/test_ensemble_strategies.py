"""How several answers become one, with a language model and without."""

from __future__ import annotations

from ion_framework.ensemble.plan import MergeStrategy
from tests.support.ensembles import THREE, TWO, Speaker, by_name, request_for, respond, speaker


async def answering(turn, _prompt):
    """One of three takes up what is asked."""
    return {
        "ann": "Why you are anxious about it matters, and so does that you are curious about it.",
        "bob": "Read a good book.",
        "cat": "Paint the shed green tomorrow.",
    }[turn.persona.name]


def test_votes_without_a_model_follow_what_is_asked():
    """Without a language model the answer wins that takes up most of the message."""
    text = (
        "This is really so very urgent for all of us. I am rather anxious about it. "
        "I am rather curious about it."
    )

    reply = respond(request_for(text, strategy=MergeStrategy.VOTING), speaker(Speaker(answering)))

    assert reply.plan.aspects[0].persona == "cat"
    assert reply.vote.voters == "coverage"
    assert reply.vote.winner == "ann"
    assert reply.content == next(c.text for c in reply.answered if c.persona == "ann")
    assert sum(reply.vote.totals.values()) == len(reply.vote.ballots) == 3


class Judges(Speaker):
    """A language model that answers, and as a judge gives each persona its number.

    Args:
        numbers: what each persona says when it is asked for its vote.
    """

    def __init__(self, **numbers):
        async def speak(turn, prompt):
            if prompt.name == "ensemble/vote":
                return numbers[turn.persona.name]
            return await by_name(turn, prompt)

        super().__init__(speak)


def test_votes_through_the_model_count_alike():
    """Each persona votes through the language model, and every vote counts the same."""
    model = Judges(ann="2", bob="Proposal 2.", cat="none of them")

    reply = respond(
        request_for(THREE, strategy=MergeStrategy.VOTING), speaker(model, fallback=False)
    )

    second = reply.plan.steps[0][1]
    assert reply.vote.voters == "model"
    assert reply.vote.winner == second
    assert set(reply.vote.ballots) == {"ann", "bob"}
    assert len(reply.beside) == 3
    asked = [prompt for _, prompt in model.seen if prompt.name == "ensemble/vote"]
    assert all("ann to:" in prompt.user and "ann to:" not in prompt.system for prompt in asked)


def test_synthesis_is_a_turn_of_the_heaviest():
    """One answer is written of all by the persona of the heaviest aspect, which sees them."""
    generator = Speaker()

    reply = respond(
        request_for(TWO, strategy=MergeStrategy.SYNTHESIS), speaker(generator, fallback=False)
    )

    heaviest = reply.plan.aspects[0].persona
    assert reply.merged_by is MergeStrategy.SYNTHESIS
    assert reply.synthesis.persona == heaviest
    assert reply.content == f"{heaviest} to: {TWO}"
    context = generator.seen[-1][1].context
    assert "ann to:" in context
    assert "bob to:" in context


def test_without_a_model_synthesis_is_not_planned():
    """Without a language model the plan puts the answers one under the other, and says why."""
    reply = respond(request_for(TWO, strategy=MergeStrategy.SYNTHESIS), speaker())

    assert reply.plan.strategy is reply.merged_by is MergeStrategy.HIERARCHICAL
    assert "no language model" in reply.plan.reasons[-1]
    assert not reply.degraded


def test_a_synthesis_that_fails_becomes_hierarchical():
    """Where the model gives no one answer the answers stand one under the other, and it is said."""

    async def speak(turn, prompt):
        if turn.request.request_id.endswith("-synthesis"):
            raise ConnectionError("down")
        return await by_name(turn, prompt)

    request = request_for(TWO, strategy=MergeStrategy.SYNTHESIS)
    reply = respond(request, speaker(Speaker(speak), fallback=False))

    assert reply.merged_by is MergeStrategy.HIERARCHICAL
    assert "could not be written into one" in reply.degraded
