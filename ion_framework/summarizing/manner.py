"""What a sentence does in a conversation: it greets, agrees on something, advises, consoles.

Recognised by its wording, in Korean and English, and rough on purpose: what a sentence does decides
between sentences that say about as much.
"""

from __future__ import annotations

import re
from enum import Enum

from ion_framework.summarizing.terms import terms


class Manner(Enum):
    """What a sentence does.

    ``TASK``: somebody does something at some time. ``DECISION``: something was settled, without
    a time. ``DATE``: it tells when. ``OUTCOME``: it tells a cause, an end, a plan. ``PLAIN``: none
    of these. ``ADVICE``: it tells what one could do. ``SOCIAL``: it greets, thanks, consoles.
    """

    TASK = "task"
    DECISION = "decision"
    DATE = "date"
    OUTCOME = "outcome"
    PLAIN = "plain"
    ADVICE = "advice"
    SOCIAL = "social"


_GREETING = re.compile(
    r"안녕하(?:세요|십니까)|안녕|반갑습니다|반가워요|무엇을 도와\S*|어떻게 도와\S*|질문이 있\S*"
    r"|말씀하세요|감사합니다|고마워요|고맙습니다"
    r"|\b(?:hello(?: there)?|hi(?: there)?|hey|good (?:morning|afternoon|evening)|"
    r"(?:how|what) can i (?:help|do for) you(?: today)?|i have a question|go ahead|"
    r"thank you(?: very much)?|thanks(?: a lot)?)\b",
    re.IGNORECASE,
)
_SOCIAL = re.compile(
    r"죄송|속상하셨|힘드시|힘드셨|지치시|답답하셨|급하시|놀라셨|축하|잘됐네|잘하셨"
    r"|언제든(?:지)? (?:연락|문의)|좋은 (?:생각|결정)이|알겠어요|알겠습니다"
    r"|\b(?:sorry|apologi[sz]e|congratulations|well done|good plan|that (?:sounds|must be|is) "
    r"(?:hard|stressful|exhausting)|contact us|at any time|anything else)\b",
    re.IGNORECASE,
)
_ADVICE = re.compile(
    r"하세요|보세요|두세요|받으세요|권해|권합|추천|좋아요|좋겠어요|좋겠네요|좋습니다"
    r"|도움이 (?:돼|됩|될)|수 있(?:어|습)|나아지|(?:하|보)시?면 \S+(?: \S+)? ?(?:쉬워|넓어|옮겨)"
    r"|\b(?:should|recommend|suggest|it is (?:a |always a )?(?:good|best|always)|often helps?|"
    r"usually|you could|could also|try|always|can make|is useful|avoid|then (?:add|ask|try)|"
    r"take an?|clear the)\b",
    re.IGNORECASE,
)
_DATE = re.compile(
    r"오늘|내일|모레|이번 ?주|다음 ?(?:주|달)|[월화수목금토일]요일|\d+ ?월|\d+ ?일(?!\w)|\d+ ?시"
    r"|오전|오후|주말|까지|\b(?:today|tonight|tomorrow|(?:mon|tues|wednes|thurs|fri|satur|sun)day|weekend|deadline|"
    r"january|february|march|april|june|july|august|september|october|november|december|"
    r"next (?:week|month)|this (?:morning|afternoon|evening|week)|\d{1,2}:\d\d|at \d{1,2})\b",
    re.IGNORECASE,
)
_AGREED = re.compile(
    r"기로 |게요|겠습니다|겠어요|예약|약속|맡|담당|방문하"
    r"|\b(?:will|'ll|going to|decided|agreed|appointment|promised|planned|booked|scheduled)\b"
    r"|'ll\b",
    re.IGNORECASE,
)
_DECIDED = re.compile(
    r"결정했|결정하|결론|결국|기로 (?:했|합|하)|합의|\b(?:decided|agreed|conclu|in short|we will)",
    re.IGNORECASE,
)
_OUTCOME = re.compile(
    r"원인|때문|해결|마감|다음|목표|계획|중요|요약|정리"
    r"|\b(?:because|cause|solved|fixed|deadline|next|goal|plan|must|important|final|result|I'll)",
    re.IGNORECASE,
)
_DOER = re.compile(
    r"[가-힣]{2,4}(?:이|가|께서) |\b[A-Z][a-z]+ (?:[a-z]+ )?[a-z]+s\b|\b(?:He|She|They|We|I) "
)
_LEAST_WORDS = 2


def greets(sentence: str) -> bool:
    """Whether a sentence does nothing but greet, thank or offer help."""
    rest = _GREETING.sub(" ", sentence)
    return rest != sentence and len(set(terms(rest))) < _LEAST_WORDS


def manner_of(sentence: str) -> Manner:
    """What a sentence does; a question does nothing but ask."""
    if greets(sentence) or _SOCIAL.search(sentence):
        return Manner.SOCIAL
    if sentence.rstrip().endswith(("?", "？")):
        return Manner.PLAIN
    advises = _ADVICE.search(sentence) is not None
    if _DATE.search(sentence) and not advises:
        done = _AGREED.search(sentence) or _DOER.search(sentence)
        return Manner.TASK if done else Manner.DATE
    if _DECIDED.search(sentence):
        return Manner.DECISION
    if advises:
        return Manner.ADVICE
    return Manner.OUTCOME if _OUTCOME.search(sentence) else Manner.PLAIN
