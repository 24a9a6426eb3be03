"""The votes of personas on proposals, asked of the language model."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence

import attrs

from ion_framework.domain.persona import GenerationParameters, Persona
from ion_framework.domain.prompt import Prompt, PromptMaterial, build_prompt
from ion_framework.domain.resonance import Resonance
from ion_framework.ensemble import wording
from ion_framework.ensemble.contribution import Contribution
from ion_framework.errors import NoAnswerError
from ion_framework.pipeline.chunks import FinishReason, Usage
from ion_framework.pipeline.language_model import LanguageModel
from ion_framework.pipeline.turn import Turn

PROMPT_NAME, PROMPT_VERSION = "ensemble/vote", "1"
_PARAMETERS = GenerationParameters(temperature=0.0, max_output_tokens=512)
"""A number takes no tokens to speak of, but a model that reasons counts that, too."""

_NUMBER = re.compile(r"[0-9]{1,3}")


@attrs.frozen
class Judgement:
    """The votes and what they cost.

    Attributes:
        ballots: for each persona that voted, whose proposal it voted for.
        usage: tokens spent, one item a vote.
    """

    ballots: Mapping[str, str]
    usage: tuple[Usage, ...]


async def judge(
    model: LanguageModel,
    turn: Turn,
    voters: Sequence[Persona],
    proposals: Sequence[Contribution],
    limit_s: float,
) -> Judgement:
    """Ask every persona which proposal is best; it does not learn whose is whose.

    Who gives no number of a proposal abstains, and so does one whose question fails or breaks off.

    Args:
        model: the language model.
        turn: the turn on whose behalf, with the reading of the message.
        voters: who votes.
        proposals: the answers.
        limit_s: seconds for all votes, which are asked for at the same time.
    """
    assert turn.resonance is not None  # noqa: S101  a message that was answered was read
    resonance = turn.resonance
    language = resonance.language
    said = [wording.MESSAGE[language].format(text=turn.text)]
    said += [
        wording.PROPOSAL[language].format(number=number, text=item.text)
        for number, item in enumerate(proposals, 1)
    ]
    user = "\n\n".join(said)
    answers = await asyncio.gather(
        *(
            _vote(
                model, attrs.evolve(turn, persona=voter), _prompt(voter, resonance, user), limit_s
            )
            for voter in voters
        )
    )
    ballots, usage = {}, []
    for voter, (text, spent) in zip(voters, answers, strict=True):
        usage.append(spent)
        number = _NUMBER.search(text)
        if number and 1 <= int(number[0]) <= len(proposals):
            ballots[voter.name] = proposals[int(number[0]) - 1].persona
    return Judgement(ballots, tuple(usage))


def _prompt(voter: Persona, resonance: Resonance, user: str) -> Prompt:
    own = build_prompt(voter, PromptMaterial(user, resonance))
    return Prompt(
        name=PROMPT_NAME,
        version=PROMPT_VERSION,
        system=f"{own.system}\n\n{wording.JUDGE[resonance.language]}",
        history=(),
        user=user,
        language=resonance.language,
        parameters=_PARAMETERS,
    )


async def _vote(
    model: LanguageModel, turn: Turn, prompt: Prompt, limit_s: float
) -> tuple[str, Usage]:
    try:
        completion = await model.ask(turn, prompt, limit_s)
    except NoAnswerError:
        return "", Usage()
    # Half a number may be another one.
    is_broken = completion.reason is FinishReason.TRUNCATED
    return "" if is_broken else completion.text, completion.usage
