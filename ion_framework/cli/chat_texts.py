"""What ``ion chat`` says to people, in both languages."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from ion_framework.domain.language import Language


@attrs.frozen
class ChatTexts:
    """The texts of a conversation on a terminal.

    Attributes:
        welcome: the first line; knows ``{names}``.
        you: the prompt.
        stopped: an answer was broken off with Ctrl-C.
        no_answer: a message was not answered; knows ``{reason}``.
        persona_now: who answers from now on; knows ``{name}``.
        persona_auto: the router decides from now on.
        unknown_persona: there is no such persona; knows ``{name}`` and ``{names}``.
        unknown_command: there is no such command; knows ``{name}``.
        nothing_yet: there is no answer to explain.
        goodbye: the last line.
        help: the commands.
    """

    welcome: str
    you: str
    stopped: str
    no_answer: str
    persona_now: str
    persona_auto: str
    unknown_persona: str
    unknown_command: str
    nothing_yet: str
    goodbye: str
    help: str


TEXTS: Mapping[Language, ChatTexts] = {
    Language.ENGLISH: ChatTexts(
        welcome="{names} are listening. /help shows what you can do, Ctrl-D ends.",
        you="you> ",
        stopped="(stopped)",
        no_answer="There is no answer to this message: {reason}",
        persona_now="{name} answers from now on.",
        persona_auto="From now on the persona that fits each message answers.",
        unknown_persona="There is no persona {name!r}. There are: {names}",
        unknown_command="There is no command {name}. /help lists them.",
        nothing_yet="Nothing has been answered yet.",
        goodbye="Goodbye.",
        help=(
            "/persona NAME   have one persona answer\n"
            "/persona auto   have the persona that fits each message answer\n"
            "/why            show why the last answer came about\n"
            "/help           show this\n"
            "/quit           end (Ctrl-D does too)\n"
            "Ctrl-C stops an answer."
        ),
    ),
    Language.KOREAN: ChatTexts(
        welcome=(
            "{names} 중에서 메시지에 맞는 페르소나가 답합니다. "
            "명령어는 /help, 끝내려면 Ctrl-D를 누르세요."
        ),
        you="나> ",
        stopped="(답변을 멈췄습니다)",
        no_answer="이 메시지에는 답하지 못했습니다: {reason}",
        persona_now="이제부터 {name} 페르소나가 답합니다.",
        persona_auto="이제부터 메시지마다 가장 잘 맞는 페르소나가 답합니다.",
        unknown_persona="{name!r}라는 페르소나는 없습니다. 사용할 수 있는 페르소나: {names}",
        unknown_command="{name} 명령은 없습니다. /help로 목록을 볼 수 있습니다.",
        nothing_yet="아직 받은 답변이 없습니다.",
        goodbye="대화를 마칩니다.",
        help=(
            "/persona 이름   지정한 페르소나가 계속 답합니다\n"
            "/persona auto   메시지마다 가장 잘 맞는 페르소나가 답합니다\n"
            "/why            마지막 답변이 나온 이유를 봅니다\n"
            "/help           이 도움말을 봅니다\n"
            "/quit           대화를 마칩니다 (Ctrl-D와 같음)\n"
            "답변 중에 Ctrl-C를 누르면 멈춥니다."
        ),
    ),
}
