"""Which sentences are wishes for the way of answering, and which only look like one.

The sentences were written before the rules that read them.
"""

from __future__ import annotations

import pytest

from ion_framework.conversations.memory.drawing import notes_of
from ion_framework.conversations.memory.preferences import answer_language, preferences_of
from ion_framework.conversations.model import Memory
from ion_framework.domain.language import Language

SHORT, LONG, NOT_SHORT = {"length": "short"}, {"length": "detailed"}, {"length": "not_short"}
FORMAL, CASUAL = {"formality": "formal"}, {"formality": "informal"}
NOTHING: dict[str, str] = {}

ENGLISH: tuple[tuple[str, dict[str, str]], ...] = (
    ("Please be brief", SHORT),
    ("Please be brief.", SHORT),
    ("Keep it short, please.", SHORT),
    ("Can you keep your answers short?", SHORT),
    ("Answer briefly, please call me Jiwoo", {**SHORT, "address": "Jiwoo"}),
    ("From now on, answer in one sentence.", SHORT),
    ("I prefer short answers", SHORT),
    ("Short answers, please", SHORT),
    ("Just give me the short version", SHORT),
    ("I'd like you to be more concise", SHORT),
    ("Your answers are too long", SHORT),
    ("Don't write long answers", SHORT),
    ("no long explanations please", SHORT),
    ("Not too long please", SHORT),
    ("I hate long answers", SHORT),
    ("Fix the build and keep it brief", SHORT),
    ("No details please", SHORT),
    ("please explain in detail", LONG),
    ("Could you explain decorators in more detail?", LONG),
    ("Explain how decorators work in detail", LONG),
    ("I want detailed answers", LONG),
    ("Give me a step-by-step explanation", LONG),
    ("Please explain everything thoroughly", LONG),
    ("not short but detailed please", LONG),
    ("don't keep it short", NOT_SHORT),
    ("I hate short answers", NOT_SHORT),
    ("Please don't be so brief", NOT_SHORT),
    ("No short answers please", NOT_SHORT),
    ("Your answers are too short", NOT_SHORT),
    ("in German please", {"language": "de"}),
    ("Answer in English", {"language": "en"}),
    ("English please", {"language": "en"}),
    ("Please reply in Korean from now on", {"language": "ko"}),
    ("Let's switch to Korean", {"language": "ko"}),
    ("Can you speak French with me?", {"language": "fr"}),
    ("Not in Korean, in English please", {"language": "en"}),
    ("Not in Korean but in English", {"language": "en"}),
    ("No code please", {"code": "none"}),
    ("Explain it without code", {"code": "none"}),
    ("Please don't show me any code", {"code": "none"}),
    ("Show me the code", {"form": "code"}),
    ("Use bullet points", {"form": "list"}),
    ("Please answer with bullet points", {"form": "list"}),
    ("Give it to me as a list", {"form": "list"}),
    ("Stop using bullet points", {"list": "none"}),
    ("Put it in a table", {"form": "table"}),
    ("No tables please", {"table": "none"}),
    ("Explain it with examples", {"form": "examples"}),
    ("Please be formal", FORMAL),
    ("No need to be formal", CASUAL),
    ("Please don't be so formal", CASUAL),
    ("Be casual", CASUAL),
    ("call me Al", {"address": "Al"}),
    ("Please call me Jiwoo.", {"address": "Jiwoo"}),
    ("My name is Bob and I work at Siemens", {"address": "Bob"}),
    ("Please stop being so formal", CASUAL),
    ("Show me code examples", {"form": "code"}),
    ("Just code please", {"form": "code"}),
    ("I need you to be brief", SHORT),
    ("Answer me in Spanish from now on please", {"language": "es"}),
    # What is no wish.
    ("Write a poem in German", NOTHING),
    ("What is the best way to keep it short?", NOTHING),
    ("I can't keep it short in interviews", NOTHING),
    ("I was told to answer in English", NOTHING),
    ("Please make my resume shorter", NOTHING),
    ("My name is not Bob", NOTHING),
    ("Don't call me Al", NOTHING),
    ("Did he really call me Al?", NOTHING),
    ("They never call me Friday", NOTHING),
    ("CALL ME NOW", NOTHING),
    ("Please call me Monday", NOTHING),
    ("The meeting was brief", NOTHING),
    ("My boss likes short answers", NOTHING),
    ("He asked me to be brief", NOTHING),
    ("In short, the build fails", NOTHING),
    ("Long story short: it broke", NOTHING),
    ("I wrote the letter in English", NOTHING),
    ("How do you say hello in Korean?", NOTHING),
    ("Tell me how to order food in Korean", NOTHING),
    ("Translate this letter in English style", NOTHING),
    ("I am learning to speak English", NOTHING),
    ("Do you speak English?", NOTHING),
    ("Is the documentation in Korean?", NOTHING),
    ("The article explains it in detail", NOTHING),
    ("We looked at the logs in detail", NOTHING),
    ("How do I format a bullet list in HTML?", NOTHING),
    ("Why are bullet points ugly?", NOTHING),
    ("I store the users in a table", NOTHING),
    ("Show me the code of conduct", NOTHING),
    ("There is no code in this repository", NOTHING),
    ("My code has no examples", NOTHING),
    ("The dress code is formal", NOTHING),
    ("How formal should my letter be?", NOTHING),
    ('My teacher said "be brief" again', NOTHING),
    ("Why is my build slow?", NOTHING),
    ("The call made me angry", NOTHING),
    ("I need a short break", NOTHING),
    ("Please shorten my commute", NOTHING),
)  # fmt: skip

KOREAN: tuple[tuple[str, dict[str, str]], ...] = (
    ("짧게 답해 주세요", SHORT),
    ("짧게 해줘", SHORT),
    ("짧게!", SHORT),
    ("짧게 부탁드려요", SHORT),
    ("앞으로는 짧게만 대답해 줘", SHORT),
    ("간단히 알려 주세요", SHORT),
    ("간단하게 설명해 줄래?", SHORT),
    ("간략히 요약해 주시면 좋겠어요", SHORT),
    ("요점만 말해 줘", SHORT),
    ("핵심만 알려줘", SHORT),
    ("한두 문장으로 답해 주세요", SHORT),
    ("한 줄로 설명해 줘", SHORT),
    ("너무 길지 않게 답해 주세요", SHORT),
    ("너무 길지 않게", SHORT),
    ("길게 쓰지 마세요", SHORT),
    ("답이 너무 길어요", SHORT),
    ("긴 설명은 필요 없어요", SHORT),
    ("자세히 설명하지 않아도 돼요", SHORT),
    ("자세한 설명은 빼 주세요", SHORT),
    ("자세히 설명해 주세요", LONG),
    ("좀 더 자세하게 알려줘", LONG),
    ("자세히 알고 싶어요", LONG),
    ("상세히 부탁해요", LONG),
    ("길게 설명해 줘", LONG),
    ("꼼꼼하게 설명해 주세요", LONG),
    ("짧게 말고 자세히 알려줘", LONG),
    ("짧게 말고", NOT_SHORT),
    ("짧게 답하지 마세요", NOT_SHORT),
    ("짧은 답은 싫어요", NOT_SHORT),
    ("너무 짧지 않게 써 줘", NOT_SHORT),
    ("답이 너무 짧아요", NOT_SHORT),
    ("존댓말로 부탁해요", FORMAL),
    ("존댓말 써 주세요", FORMAL),
    ("존댓말로 해줘", FORMAL),
    ("반말 하지 마세요", FORMAL),
    ("반말 말고 존댓말로 해 주세요", FORMAL),
    ("반말로 해줘", CASUAL),
    ("반말 써도 돼", CASUAL),
    ("존댓말로 말고 반말로", CASUAL),
    ("존댓말 안 써도 돼요", CASUAL),
    ("편하게 말해 줘", CASUAL),
    ("말 놓아도 돼", CASUAL),
    ("영어로 답해 줘", {"language": "en"}),
    ("이제부터 영어로", {"language": "en"}),
    ("한국어로 알려 주세요", {"language": "ko"}),
    ("영어로 말고 한국어로 답해 줘", {"language": "ko"}),
    ("독일어로 부탁해요", {"language": "de"}),
    ("코드 없이 설명해 주세요", {"code": "none"}),
    ("코드는 빼고 알려줘", {"code": "none"}),
    ("코드 보여주지 마", {"code": "none"}),
    ("코드 위주로 알려줘", {"form": "code"}),
    ("예제 코드 보여 주세요", {"form": "code"}),
    ("예시 들어서 설명해 줘", {"form": "examples"}),
    ("예시를 들어 주세요", {"form": "examples"}),
    ("예를 들어 설명해 주세요", {"form": "examples"}),
    ("예시 없이 알려줘", {"examples": "none"}),
    ("표로 정리해 줘", {"form": "table"}),
    ("표로 하지 말고 목록으로 정리해 줘", {"form": "list", "table": "none"}),
    ("번호를 매겨서 정리해 주세요", {"form": "list"}),
    ("목록 없이 답해 줘", {"list": "none"}),
    ("저를 지우라고 불러 주세요", {"address": "지우"}),
    ("제 이름은 민수입니다", {"address": "민수"}),
    ("제 이름은 김민수이고 서울에서 일합니다", {"address": "김민수"}),
    ("길게 말하지 말고 요점만", SHORT),
    ("자세히는 말고 간단히", SHORT),
    ("예시 하나만 들어 주세요", {"form": "examples"}),
    ("코드 예제도 같이 보여주세요", {"form": "code"}),
    ("한국말로 해줘", {"language": "ko"}),
    # What is no wish.
    ("편하게 쉬게 해 주세요", NOTHING),
    ("영어로 이력서 써 줘", NOTHING),
    ("반말하지 말라고 했는데 계속해요", NOTHING),
    ("회의를 짧게 하자고 했어요", NOTHING),
    ("빌드 로그를 간단히 해 주세요", NOTHING),
    ("제 이름은 민수가 아니에요", NOTHING),
    ("저를 바보라고 부르지 마세요", NOTHING),
    ("친구가 저를 바보라고 불러요", NOTHING),
    ("머리를 짧게 잘랐어요", NOTHING),
    ("짧게 자른 머리가 어색해요", NOTHING),
    ("친구가 짧게 답해서 서운해요", NOTHING),
    ("친구가 너무 짧게 답해 줘서 서운해요", NOTHING),
    ("간단히 말해서 빌드가 안 돼요", NOTHING),
    ("간단하게 저녁을 먹었어요", NOTHING),
    ("로그를 자세히 봤는데 모르겠어요", NOTHING),
    ("자세히 설명해 주는 책을 샀어요", NOTHING),
    ("선생님이 자세히 설명해 주셨어요", NOTHING),
    ("영어로 된 문서를 읽었어요", NOTHING),
    ("영어로 발표해야 해서 떨려요", NOTHING),
    ("사과는 영어로 뭐라고 해요?", NOTHING),
    ("영어로 말하고 싶어요", NOTHING),
    ("이메일을 영어로 써 주세요", NOTHING),
    ("이 문장을 영어로 번역해 줘", NOTHING),
    ("한국어로 된 책이 있나요?", NOTHING),
    ("존댓말이 너무 어려워요", NOTHING),
    ("존댓말과 반말의 차이가 뭐예요?", NOTHING),
    ("손님이 반말을 해서 기분이 나빠요", NOTHING),
    ("동생이 반말로 말해요", NOTHING),
    ("데이터를 표로 정리했는데 틀렸대요", NOTHING),
    ("코드 없이는 문이 안 열려요", NOTHING),
    ("코드가 없어요", NOTHING),
    ("예를 들어 사과가 있어요", NOTHING),
    ("목록으로 돌아가는 버튼이 안 보여요", NOTHING),
    ("회의가 너무 길어요", NOTHING),
    ("서버가 느려요", NOTHING),
    ("할 말이 있어요", NOTHING),
    ("“짧게 답해 주세요”라고 적혀 있었어요", NOTHING),
)


def test_there_are_enough_sentences():
    """Each language has at least sixty sentences, a third of which are no wishes."""
    for table in (ENGLISH, KOREAN):
        assert len(table) >= 60
        assert 3 * sum(expected == NOTHING for _, expected in table) >= len(table)
        assert len({text for text, _ in table}) == len(table)


@pytest.mark.parametrize(("text", "expected"), ENGLISH + KOREAN)
def test_a_sentence_is_a_wish_or_none(text, expected):
    """An explicit wish is remembered as it was meant, and nothing else is taken for one."""
    assert preferences_of(text, {}) == expected


@pytest.mark.parametrize(
    ("text", "before", "after"),
    [
        ("Keep it short", {"length": "detailed"}, SHORT),
        ("짧게 해 주세요", {"length": "detailed"}, SHORT),
        ("No code please", {"form": "code"}, {"code": "none"}),
        ("Show me the code", {"code": "none"}, {"form": "code"}),
        ("코드 보여 줘", {"code": "none"}, {"form": "code"}),
        ("No code please", {"form": "list"}, {"form": "list", "code": "none"}),
        ("Please don't answer in Korean", {"language": "ko"}, {}),
        ("한국어로 말고요", {"language": "ko"}, {}),
        ("My name is not Bob", {"address": "Bob"}, {}),
        ("My name is not Bob", {"address": "Al"}, {"address": "Al"}),
        ("제 이름은 민수가 아니에요", {"address": "민수"}, {}),
        ("Thanks!", SHORT, SHORT),
    ],
)
def test_a_later_wish_replaces_or_withdraws_an_earlier_one(text, before, after):
    """Of two wishes of one kind the later one counts, and a denial takes an earlier one back."""
    assert preferences_of(text, before) == after


@pytest.mark.parametrize("text", sorted({text for text, found in ENGLISH + KOREAN if found}))
def test_every_wish_is_told_in_the_prompt(text):
    """Whatever is remembered as a wish has a line in the prompt, in both languages."""
    wishes = preferences_of(text, {})
    for language in Language:
        assert len(notes_of(Memory(preferences=wishes), language)) == len(wishes)


def test_a_language_that_nobody_here_speaks_is_left_to_the_model():
    """Only a language in which prompts exist is the language of the turn."""
    assert answer_language({"language": "ko"}) is Language.KOREAN
    assert answer_language({"language": "de"}) is None
    assert answer_language({}) is None
