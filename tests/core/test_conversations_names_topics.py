"""What of a message is remembered as a name or a topic, and what only looks like one.

The sentences were written before the rules that read them.
"""

from __future__ import annotations

import pytest

from ion_framework.conversations.memory.entities import entities_of
from ion_framework.conversations.memory.topics import Said, main_topics, topics_of
from ion_framework.conversations.model import StoredTurn

NAMES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("I talked to Anna Schmidt from Siemens", ("Anna Schmidt", "Siemens")),
    ("My name is Bob and I live in Berlin", ("Bob", "Berlin")),
    ("We moved from Acme Corp to Globex last year", ("Acme Corp", "Globex")),
    ("Yesterday Anna broke the build", ("Anna",)),
    ("Ask Bob about the release", ("Bob",)),
    ("Can Anna Schmidt see this?", ("Anna Schmidt",)),
    ("Is the Volkswagen factory open?", ("Volkswagen",)),
    ("I met Anna, Bob and Carol in Paris", ("Anna", "Bob", "Carol", "Paris")),
    ("어제 Anna Schmidt와 이야기했어요", ("Anna Schmidt",)),
    ("저는 Siemens에서 일해요", ("Siemens",)),
    # What is no name.
    ("The tests fail AGAIN", ()),
    ("WHY does this NEVER work", ()),
    ("I NEED help with the API NOW", ()),
    ("PLEASE stop", ()),
    ("OK thanks, that is GREAT", ()),
    ("THIS IS NOT FUNNY", ()),
    ("I am SO ANGRY at my BOSS", ()),
    ("It CRASHED on Anna TODAY", ("Anna",)),
    ("why is it ALWAYS me", ()),
    ("Why Does This Never Work For Me", ()),
    ("Meet me on Monday at the office", ()),
    ("in German please", ()),
    ("I speak French and some Spanish", ()),
    ("See you at Christmas", ()),
    ("My CPU and RAM are full, the GPU too", ()),
    ("Thanks! Great. Works now.", ()),
    ("(Sorry for the typo)", ()),
    ("- First point\n- Second point", ()),
    ("The build fails. What now?", ()),
    ("왜 NEVER 안 되는 거죠", ()),
    ("진짜 HELP 해 주세요", ()),
)

TOPICS: tuple[tuple[str, set[str], set[str]], ...] = (
    ("I talked to Anna Schmidt from Siemens", {"siemens"}, {"siemen"}),
    ("I use Postgres 15 and Docker", {"postgres", "docker"}, {"postgre"}),
    ("The analysis of the status is late", {"analysis", "status"}, {"analysi", "statu"}),
    ("Our Jenkins and Kubernetes are slow", {"jenkins", "kubernetes"}, {"jenkin", "kubernete"}),
    ("My glasses broke", {"glasses"}, {"glasse"}),
    ("Please compare the caches", {"caches"}, {"cach", "cache"}),
    ("The release notes need a review", {"release", "notes", "review"}, set()),
    ("Show me the news about physics", {"news", "physics"}, {"new", "physic"}),
    ("Python classes and series", {"classes", "series"}, {"classe", "sery"}),
    ("The tests fail AGAIN", {"tests"}, {"again", "fail", "fails"}),
    ("It keeps crashing and I am angry", set(), {"keeps", "keep", "am"}),
    ("don't keep it short", set(), {"short", "don't", "keep"}),
    ("please answer in German", set(), {"german", "answer"}),
    ("My build fails", {"build"}, {"fails", "fail", "build fails", "build fail"}),
    ("지금 바로 안 되는 거죠?", set(), {"되는", "되", "바로", "지금"}),
    ("왜 안 되는 건지 모르겠어요", set(), {"되는", "모르"}),
    ("이건 되는데 저건 안 돼요", set(), {"되는데", "되는", "되", "이건", "저건"}),
    ("하는 일이 많은 날이에요", set(), {"하는", "많은", "많"}),
    ("느려지는 서버를 고치고 싶어요", {"서버"}, {"느려지", "느려지는", "고치"}),
    ("만드는 방법을 알려 주세요", set(), {"만드", "만드는"}),
    ("있는 그대로의 결과를 원해요", {"결과"}, {"있는", "원해"}),
    ("없는 파일을 찾아요", {"파일"}, {"없는"}),
    ("같은 오류가 또 났어요", {"오류"}, {"같은", "났어"}),
    ("먹을 음식을 골라 줘", {"음식"}, {"먹을", "골라"}),
    ("글을 쓰는 중이에요", set(), {"글을", "쓰는"}),
    ("회의 결과와 강의 자료", {"회의", "결과", "강의", "자료"}, {"회", "강"}),
    ("난이도와 만족도를 조사해요", {"난이도", "만족도", "조사"}, {"난이", "만족"}),
    ("고양이가 아파요", {"고양이"}, {"고양", "아파"}),
    ("짧게 답해 주세요", set(), {"짧게", "답해"}),
    ("Siemens에서 일해요", {"siemens"}, {"siemen"}),
    ("데이터베이스의 색인을 만들고 싶어요", {"데이터베이스", "색인"}, {"만들고", "만들"}),
    ("코드 없이 설명해 주세요", set(), {"없이"}),
    ("배포가 진행되는 동안 기다려요", {"배포", "진행"}, {"동안", "기다려"}),
)


def test_there_are_enough_sentences():
    """With the names there are sixty sentences, and each is there once."""
    texts = [text for text, *_ in NAMES + TOPICS]
    assert len(texts) >= 60


@pytest.mark.parametrize(("text", "expected"), NAMES)
def test_a_name_is_no_word_in_capitals(text, expected):
    """Names are remembered, and what is shouted, begins a sentence or names a day is not."""
    assert set(entities_of(text, {}).get("name", ())) == set(expected)


@pytest.mark.parametrize(("text", "present", "absent"), TOPICS)
def test_a_topic_is_a_word_of_the_user(text, present, absent):
    """A topic is a noun in the form in which it was written; verbs and endings are none."""
    found = set(topics_of([Said(text, by_user=True, age=0)]))
    assert present <= found
    assert not absent & found


def test_forms_of_one_word_are_one_topic():
    """Singular and plural count together and are shown as they were written last."""
    said = [
        Said("My cluster is slow", by_user=True, age=1),
        Said("Both clusters are slow", by_user=True, age=0),
    ]
    assert topics_of(said).count("clusters") == 1
    assert "cluster" not in topics_of(said)


def turns_about(*messages):
    """A conversation of these messages."""
    return tuple(
        StoredTurn(
            number=number,
            request_id=f"r{number}",
            user_message=message,
            ai_response="Certainly.",
            persona="sage",
            key="calm-medium-learning",
            at=0.0,
        )
        for number, message in enumerate(messages, 1)
    )


@pytest.mark.parametrize(
    ("often", "lately", "expected"),
    [
        ("The Redis failover is slow", "Thanks, the weather is lovely", "redis"),
        ("Redis 장애 조치가 느려요", "고마워요, 날씨가 좋네요", "redis"),
    ],
)
def test_main_topics_are_those_of_the_whole_conversation(often, lately, expected):
    """What twenty turns were about comes before what was said in the last two."""
    turns = turns_about(*[often] * 20, *[lately] * 2)
    found = main_topics(turns, 5)
    assert expected in found[:2]
    assert len(found) <= 5
    assert main_topics((), 5) == ()
