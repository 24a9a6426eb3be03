"""Whether words of a message ask for something, deny it, or only speak of it.

English asks before what is wished (``please explain … in detail``) and denies there; Korean does
both behind it (``자세히 … 알려 줘``, ``짧게 말고``). What is neither, is told of something else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum

import attrs

from ion_framework.conversations.memory.wishes import LANGUAGE, Wish, wishes


class Stance(Enum):
    """How a user stands to what is said."""

    WISHED = "wished"
    DENIED = "denied"


@attrs.frozen
class Heard:
    """A wish or its denial in a message.

    Attributes:
        at: its place.
        wish: which.
        stance: whether it is wished.
    """

    at: int
    wish: Wish
    stance: Stance


def heard_in(message: str) -> Iterator[Heard]:
    """The wishes and denials of a message, in no order.

    Args:
        message: what the user wrote, without what is quoted in it.
    """
    for start, clause in _clauses(message):
        for wish in wishes():
            for at, stance in (*_english(clause, wish), *_korean(clause, wish)):
                yield Heard(start + at, wish, stance)


_PLEASE_BEHIND = re.compile(r",(?=\s*please\s*(?:[.!?;\n]|$))", re.IGNORECASE)
_ASKING = (
    r"answer(?:ing)?|reply|respond|write|explain(?:ing)?|speak|talk|chat|give|giving|show(?:ing)?|put|format|us(?:e|ing)"
    r"|keep|make|be|stay|sound|tell|describe|summari[sz]e|list|present|say|include|add|provide|switch|continue"
)
_BOUNDARY = re.compile(
    r"[.!?;:\n,]+|\sbut\s|\s(?:and|then|so)\s(?=(?:please|just|then|also|always|don't|do not|never"
    rf"|no|not|with|in|{_ASKING})\b)",
    re.IGNORECASE,
)


def _clauses(message: str) -> Iterator[tuple[int, str]]:
    text = _PLEASE_BEHIND.sub(" ", message)
    start = 0
    for match in _BOUNDARY.finditer(text):
        yield start, text[start : match.start()]
        start = match.end()
    yield start, text[start:]


_FILLER = (
    r"(?:(?:please|kindly|ok|okay|and|but|so|now|then|just|only|also|always|rather|maybe|again|thanks"
    r"|from now on|instead|next time|if possible|for me)\s+)*"
)
_WANT = (
    r"(?:want|need|like|prefer|love|'d like|'d prefer|'d love|would like|would prefer|would love)"
)
_DENYING = (
    r"(?:don't|do not|never|stop|avoid|skip|no more|no|not|without|leave out"
    r"|i (?:really )?(?:hate|dislike|can't stand|don't (?:want|like|need))|i'm (?:tired|sick) of"
    r"|you (?:don't|do not) (?:need|have) to|you needn't)"
)
_LEAD = (
    rf"(?:(?:can|could|would|will) you\s+|i\s?{_WANT} you to\s+"
    r"|you (?:should|can|could|may|must)\s+|let's\s+|try to\s+)"
)
_WORDS = r"(?:[\w'/-]+\s+){0,8}"
_FEW = r"(?:(?!to\b)[\w'/-]+\s+){0,3}"
_REQUEST = re.compile(
    rf"\s*{_FILLER}(?:{_LEAD})?{_FILLER}(?:(?:{_DENYING})\s+)?{_FILLER}(?:{_ASKING})\s+{_WORDS}"
    rf"|\s*{_FILLER}{_LEAD}{_FILLER}(?:(?:{_DENYING})\s+)?"
    rf"|\s*{_FILLER}i\s?(?:really )?{_WANT}\s+{_FEW}"
    rf"|\s*{_FILLER}{_DENYING}\s+{_FEW}",
    re.IGNORECASE,
)
_ALONE = re.compile(
    rf"\s*{_FILLER}(?:{_DENYING}\s+)?(?:(?:an?|the|any|more|some)\s+)?", re.IGNORECASE
)
_BEGINS = re.compile(rf"\s*{_FILLER}(?:{_LEAD})?{_FILLER}(?:{_DENYING}\s+)?", re.IGNORECASE)
_IMPERATIVE = re.compile(rf"(?:{_ASKING})\b", re.IGNORECASE)
_REST = re.compile(
    r"\s*(?:please|thanks|thank you|from now on|only|again|instead|now|ok|with me|next time|\s)*",
    re.IGNORECASE,
)
_DENIAL = re.compile(rf"\b(?:{_DENYING}|hate|dislike)\b", re.IGNORECASE)
_WRITTEN = re.compile(
    r"\bwrite (?!(?:it|this|that|back|to me|your|everything|all)\b)", re.IGNORECASE
)
_QUESTION = re.compile(r"\b(?:how|what|why|when|whether|where|who|which|that|if)\b", re.IGNORECASE)


def _english(clause: str, wish: Wish) -> Iterator[tuple[int, Stance]]:
    for match in wish.english.whole.finditer(clause):
        yield match.start(), Stance.WISHED
    for match in wish.english.asked.finditer(clause):
        before = clause[: match.start()]
        if wish.kind == LANGUAGE and _WRITTEN.search(before):
            continue
        if _is_asked(before, clause[match.end() :], match[0], across=wish.across):
            yield match.start(), Stance.DENIED if _DENIAL.search(before) else Stance.WISHED
    for match in wish.english.denied.finditer(clause):
        before = clause[: match.start()]
        asked = _is_asked(before, clause[match.end() :], match[0], across=False)
        if asked and _DENIAL.search(before):
            yield match.start(), Stance.DENIED


def _is_asked(before: str, after: str, said: str, *, across: bool) -> bool:
    """Whether a phrase is asked for or denied: by what stands before it, or by standing alone."""
    if _ALONE.fullmatch(before) and _REST.fullmatch(after):
        return " " in said or "please" in f"{before}{after}".lower() or bool(before.strip())
    if _IMPERATIVE.match(said) and _BEGINS.fullmatch(before):
        return True
    asked = _REQUEST.fullmatch(before)
    return asked is not None and (across or not _QUESTION.search(before))


_ANSWERING = (
    r"답|대답|응답|말|얘기|이야기|설명|알려|쓰|써|적어|요약|정리|보여|부탁|소개|가르쳐|작성|들려|나열|비교"
    r"|만들|그려|표현|대화|빼|들|매|붙"
)
_SPEAKING = r"답|대답|응답|말|얘기|이야기|설명|알려|하|해|부탁|대화|진행"
_ASKS = (
    r"(?:주세요|주셔요|주십시오|주시(?:겠|면|길|기|고|죠|지|는)|주실|줘(?!서|도|야)|줄래"
    r"|줄 ?수|달라|주면|주길|주기|줬으면|부탁|바라|바랍|원해|원합|좋겠|할래|하자(?!고)|해라"
    r"|하세요|하십시오|하도록|드려|드립|도 ?(?:돼|됩|괜찮|좋))"
)
_DENIES = (
    r"(?:말고|말아|말 ?것|지 ?(?:마(?!라)|말(?!라|래))|지 ?않(?:아도|았으면|으면)"
    r"|안 ?(?:해|써|하|쓰|보여)[가-힣]*도|싫|필요(?:는|가)? ?없|그만|아니라|금지)"
)
_WITHOUT = r"(?:없이|빼고|대신|제외하고|빼 ?(?:줘|주))"
_KO_FILLER = (
    r"\s*(?:(?:앞으로(?:는|도)?|이제(?:는|부터|부터는)?|지금(?:은|부터|부터는)?|다음(?:에는|부터|부터는)?|좀|조금|더|그냥|너무"
    r"|제발|항상|계속|답변?은|대답은|설명은|\S+ ?말고(?:요)?)\s*)*"
)
_KO_ALONE = re.compile(_KO_FILLER)
_KO_END = re.compile(r"(?:만|만요|요)?\s*$")
_OBJECT = re.compile(
    r"(?<!답)(?<!답변)(?<!대답)(?<!설명)(?:을|를)\s*$|(?:문장|단어|이름|글|메일|편지|제목|표현)[가-힣]*\s*$"
)


def _tail(verbs: str) -> str:
    return (
        rf"(?:만|요|을|를|로)?\s*(?:\S{{1,6}}\s+){{0,2}}?(?:{verbs})[가-힣]{{0,3}}?\s?[가-힣]{{0,3}}?{_ASKS}"
        r"|(?:만)?\s*(?:알고|듣고|보고|배우고) 싶"
    )


_BARELY = rf"|(?:만)?\s*{_ASKS}|(?:만)?\s*(?:대?답|말|설명|얘기|이야기)?(?:해|써|하자)\s*$"
_ASKED = re.compile(_tail(rf"{_ANSWERING}|하|해") + _BARELY)
_ASKED_OF_SOMETHING = re.compile(_tail(_ANSWERING))
_SPOKEN = re.compile(_tail(_SPEAKING) + _BARELY)
_DENIED = re.compile(
    rf"(?:은|는|을|를|이|가|로|도|만)?\s*(?:(?:{_ANSWERING}|하|해)[가-힣]{{0,3}}?\s?)?{_DENIES}"
)
_LEFT_OUT = re.compile(rf"(?:은|는|을|를|이|가|도)?\s*{_WITHOUT}")


def _korean(clause: str, wish: Wish) -> Iterator[tuple[int, Stance]]:
    for match in wish.korean.whole.finditer(clause):
        yield match.start(), Stance.WISHED
    for match in wish.korean.asked.finditer(clause):
        before, tail = clause[: match.start()], clause[match.end() :]
        if _is_denied(tail):
            yield match.start(), Stance.DENIED
        elif _is_wished(before, tail, wish):
            yield match.start(), Stance.WISHED
    for match in wish.korean.denied.finditer(clause):
        if _is_denied(clause[match.end() :]):
            yield match.start(), Stance.DENIED


def _is_denied(tail: str) -> bool:
    if _DENIED.match(tail):
        return True
    left_out = _LEFT_OUT.match(tail)
    if left_out is None:
        return False
    rest = tail[left_out.end() :]
    return "빼 " in left_out[0] or bool(_KO_END.fullmatch(rest) or _ASKED.match(rest))


def _is_wished(before: str, tail: str, wish: Wish) -> bool:
    if _KO_END.fullmatch(tail):
        return _KO_ALONE.fullmatch(before) is not None
    if wish.kind == LANGUAGE:
        return not _OBJECT.search(before) and _SPOKEN.match(tail) is not None
    # "로그를 짧게 해 주세요" is about the log, "함수를 짧게 설명해 주세요" is about the answer.
    return (_ASKED_OF_SOMETHING if _OBJECT.search(before) else _ASKED).match(tail) is not None
