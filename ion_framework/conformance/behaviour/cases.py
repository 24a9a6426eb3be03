"""The values with which each hook is called: ordinary ones, and those that strangers bring."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping

import attrs

from ion_framework.conformance.behaviour.signs import sign
from ion_framework.conformance.behaviour.world import ORDINARY, Dependencies, reading
from ion_framework.domain.conversation import Message, Role
from ion_framework.domain.language import Language, detect_language
from ion_framework.domain.persona import Persona
from ion_framework.domain.prompt import PromptMaterial, build_prompt
from ion_framework.domain.resonance import Resonance
from ion_framework.domain.routing import decide
from ion_framework.pipeline.chunks import Chunk, Finish, TextChunk, Usage
from ion_framework.pipeline.events import (
    AnswerRefreshed,
    Event,
    PluginStatusChanged,
    RequestCompleted,
    TurnCompleted,
    TurnFailed,
)
from ion_framework.pipeline.incoming import IncomingRequest, RequestText
from ion_framework.pipeline.reply import Reply
from ion_framework.pipeline.turn import Turn, TurnContext, TurnRequest
from ion_framework.slo.notice import Measure, Notice, NoticeState, Severity

_LONG = 1000
"""Characters of the longest message that an endpoint for messages takes."""

HOSTILE: Mapping[str, str] = {
    "control characters": "\x00\x01\x1b[2J\r\n\t\x7f",
    "a long message": "가" * _LONG,
    "one long word": "a" * _LONG,
    "many brackets": "(" * 300 + ")" * 300,
    "placeholders": "{{persona_name}} {0} {name} %s %(x)s $HOME ${x}",
    "marks of direction": "\u202eright to left\u202c \u2066x\u2069",
    "invisible characters": "\u200b\u200d\ufeff x",
    "combining marks": "e" + "\u0301" * 200,
    "emoji": "😀👨‍👩‍👧‍👦" * 20,
    "markup": "<script>alert(1)</script> ```python\nimport os\n```",
    "a query": "'; DROP TABLE turns; -- \" OR 1=1",
    "a path": "../../../../etc/passwd%00.txt",
    "jamo": "ㅋㅋㅋㅋㅠㅠ ㄱㄴㄷ",
    "a single mark": "?",
}
"""Messages that somebody writes sooner or later."""


@attrs.frozen
class Case:
    """One call's values.

    Attributes:
        name: what is special about them, for people.
        text: the message.
        variant: which of several forms of a value; 0 is the plain one.
        caller: who asks, where it matters that nobody else does; empty for one and the same.
    """

    name: str
    text: str
    variant: int = 0
    caller: str = ""


ORDINARY_CASES: tuple[Case, ...] = tuple(
    Case(f"a message in {language.value}", text, variant)
    for variant, (language, text) in enumerate(ORDINARY.items())
)
HOSTILE_CASES: tuple[Case, ...] = (
    *(Case(name, text, index) for index, (name, text) in enumerate(HOSTILE.items())),
    Case("a long history", ORDINARY[Language.ENGLISH], -1),
)

FAILING_CASE = Case("while what it builds on fails", ORDINARY[Language.ENGLISH], 1)


def numbered(count: int) -> tuple[Case, ...]:
    """Different messages for calls at once, each of another caller and with a sign in it."""
    return tuple(
        Case(
            "calls at once", f"Question {n} about {sign(n)}: 어떻게 하죠?", n, caller=f"caller-{n}"
        )
        for n in range(count)
    )


class Values:
    """Makes the values of calls.

    Args:
        reply: a reply that a turn among stand-ins gave; other replies are made after it.
        persona: the persona whose turns they are.
        dependencies: what the values depend on (the stream before, the analysers after).
    """

    def __init__(self, reply: Reply, persona: Persona, dependencies: Dependencies) -> None:
        self._reply = reply
        self._persona = persona
        self._dependencies = dependencies

    def of(self, case: Case) -> dict[str, object]:
        """Every argument that any hook takes, by name."""
        turn = self._turn(case)
        text, resonance = case.text, reading(case.text)
        prompt = build_prompt(self._persona, PromptMaterial(text=text, resonance=resonance))
        return {
            "turn": turn,
            "following": _following(resonance, self._dependencies),
            "personas": (self._persona,),
            "persona": self._persona,
            "prompt": prompt,
            "chunks": self._chunks(case),
            "reply": self._reply_to(case),
            "event": self._event(case),
            "request": _request(case),
            "notice": _notice(case),
        }

    def _turn(self, case: Case) -> Turn:
        resonance = reading(case.text)
        speakers = (Role.USER, Role.ASSISTANT)
        length = 50 if case.variant < 0 else 0
        history = tuple(Message(speakers[n % 2], f"message {n}") for n in range(length))
        return Turn(
            request=_turn_request(case, history),
            context=TurnContext(history=history, notes=("It is Friday.",)),
            resonance=resonance,
            decision=decide(resonance.key, (self._persona,)),
            persona=self._persona,
        )

    def _reply_to(self, case: Case) -> Reply:
        language = detect_language(case.text)
        content = case.text or "nothing"
        return attrs.evolve(
            self._reply, content=content, language=language, persona=self._persona.name
        )

    async def _chunks(self, case: Case) -> AsyncGenerator[Chunk, None]:
        await self._dependencies.answer()
        pieces = list(case.text) if case.variant % 2 else ["", case.text[:3], case.text[3:]]
        for piece in pieces:
            yield TextChunk(piece)
            self._dependencies.fail()
        yield Finish(usage=Usage(1, 1))

    def _event(self, case: Case) -> Event:
        request, reply = _turn_request(case), self._reply_to(case)
        kinds: tuple[Event, ...] = (
            TurnCompleted(request, reply, 1_000_000.0, 0.5),
            TurnFailed(request, "no_answer", "nobody could answer", 1_000_000.0, 0.5),
            RequestCompleted("GET", "", 404, "r", 1_000_000.0, 0.1),
            PluginStatusChanged("sage", "active", "failed", "a reason", 1_000_000.0),
            AnswerRefreshed(request, False, "a reason", Usage(), 1_000_000.0, 0.5),
        )
        return kinds[case.variant % len(kinds)]


def _turn_request(case: Case, history: tuple[Message, ...] = ()) -> TurnRequest:
    """What is asked; what a plugin remembers of a caller it may tell the same caller."""
    session = case.caller or "conformance"
    if not case.caller:
        return TurnRequest(text=case.text, history=history, session_id=session)
    return TurnRequest(
        text=case.text,
        history=history,
        session_id=session,
        principal=case.caller,
        tenant=case.caller,
        user_id=case.caller,
    )


def _following(
    resonance: Resonance, dependencies: Dependencies
) -> Callable[[], Awaitable[Resonance]]:
    async def following() -> Resonance:
        await dependencies.answer()
        await asyncio.sleep(0)
        dependencies.fail()
        return resonance

    return following


def _request(case: Case) -> IncomingRequest:
    return IncomingRequest(
        method="POST",
        path="/chat",
        route="/chat",
        headers={"user-agent": "conformance"},
        content_type="application/json",
        body_bytes=len(case.text.encode()),
        texts=(RequestText("message", case.text),),
        language=detect_language(case.text),
    )


def _notice(case: Case) -> Notice:
    measures = tuple(Measure)
    is_over = case.variant % 2 == 1
    return Notice(
        id="conformance",
        rule="IonErrorRateHigh",
        measure=measures[case.variant % len(measures)],
        severity=Severity.PAGE,
        state=NoticeState.RESOLVED if is_over else NoticeState.FIRING,
        value=None if is_over else 0.5,
        threshold=0.05,
        below=False,
        window_s=300.0,
        since=1_000_000.0,
        at=1_000_300.0,
        host=case.text,
        links={"slo": "https://ion.example/api/v2/slo"},
    )


def picture(value: object, depth: int = 6) -> object:
    """A value as plain tuples and texts, to see whether somebody changed it.

    Args:
        value: the value.
        depth: levels that are looked into.
    """
    if depth == 0 or value is None or isinstance(value, str | int | float):
        return value if isinstance(value, str | int | float | None) else type(value).__name__
    kind = type(value)
    if attrs.has(kind):
        fields = attrs.fields(kind)
        return tuple((f.name, picture(getattr(value, f.name), depth - 1)) for f in fields)
    if isinstance(value, Mapping):
        return tuple((str(key), picture(item, depth - 1)) for key, item in value.items())
    if isinstance(value, list | tuple | set | frozenset):
        return tuple(picture(item, depth - 1) for item in value)
    return type(value).__name__
