"""How several answers become one, with a language model and without."""

from __future__ import annotations

from ion_framework.ensemble.plan import MergeStrategy
from tests.support.ensembles import THREE, TWO, Speaker, by_name, request_for, respond, speaker


async def agreeing(turn, _prompt):
    """Two of three say the same."""
    return {
        "ann": "Restart the database and then read the log.",
        "bob": "Read the log, then restart the database.",
        "cat": "Paint the shed green tomorrow.",
    }[turn.persona.name]


def test_votes_without_a_model_follow_agreement():
    """Without a language model the answer wins that agrees most with the others."""
    text = (
        "This is really so very urgent for all of us. I am rather anxious about it. "
        "I am rather curious about it."
    )

    reply = respond(request_for(text, strategy=MergeStrategy.VOTING), speaker(Speaker(agreeing)))

    assert reply.plan.aspects[0].persona == "cat"
    assert reply.vote.voters == "agreement"
    assert reply.vote.winner in {"ann", "bob"}
    assert reply.content == next(c.text for c in reply.answered if c.persona == reply.vote.winner)
    assert reply.vote.totals["cat"] < reply.vote.totals["ann"]


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


def test_votes_through_the_model_are_counted_by_weight():
    """Each persona votes through the language model, and its vote counts by its weight."""
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


def test_without_a_model_synthesis_becomes_hierarchical():
    """Without a language model the answers stand one under the other, and the reply says so."""
    reply = respond(request_for(TWO, strategy=MergeStrategy.SYNTHESIS), speaker())

    assert reply.merged_by is MergeStrategy.HIERARCHICAL
    assert "could not be written into one" in reply.degraded
