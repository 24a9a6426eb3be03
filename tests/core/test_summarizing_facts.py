"""What summaries of short conversations keep, and how sentences are told apart by what they do."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from ion_framework.summarizing.extractive import extract
from ion_framework.summarizing.manner import Manner, greets, manner_of
from ion_framework.summarizing.summary import SummaryBounds

DIALOGUES = tomllib.loads(Path(__file__).with_name("short_dialogues.toml").read_text("utf-8"))
EVERY = [dialogue for language in DIALOGUES.values() for dialogue in language]


@pytest.mark.parametrize("dialogue", EVERY, ids=[dialogue["name"] for dialogue in EVERY])
def test_the_problem_and_open_tasks_are_kept(dialogue: dict):
    """A summary keeps what the matter is, and who does what when, in fewer words than were said."""
    said = dialogue["messages"]
    summary = extract(said, SummaryBounds().characters)

    assert [fact for fact in dialogue["facts"] if fact not in summary] == []
    assert len(summary) < 0.8 * sum(map(len, said))
    assert manner_of(summary.splitlines()[0].partition(": ")[2]) is not Manner.SOCIAL


@pytest.mark.parametrize(
    ("sentence", "manner"),
    [
        ("안녕하세요!", Manner.SOCIAL),
        ("무엇을 도와드릴까요?", Manner.SOCIAL),
        ("Good afternoon, what can I do for you?", Manner.SOCIAL),
        ("많이 힘드시겠어요.", Manner.SOCIAL),
        ("민수가 내일까지 바꾸기로 했어요.", Manner.TASK),
        ("Jieun sends the notice on Friday.", Manner.TASK),
        ("I'll write a draft by Wednesday.", Manner.TASK),
        ("시험은 10월 18일이에요.", Manner.DATE),
        ("풀 크기를 줄이기로 했어요.", Manner.DECISION),
        ("We decided against it.", Manner.DECISION),
        ("백업을 꼭 받아 두세요.", Manner.ADVICE),
        ("You should read the contract twice by Friday.", Manner.ADVICE),
        ("원인은 워커 수였어요.", Manner.OUTCOME),
        ("It broke because of the pool.", Manner.OUTCOME),
        ("The pond is green.", Manner.PLAIN),
        ("Shall we meet tomorrow?", Manner.PLAIN),
    ],
)
def test_manners_are_told_by_wording(sentence: str, manner: Manner):
    """Greetings, tasks, dates, decisions, advice and outcomes are told apart."""
    assert manner_of(sentence) is manner


def test_a_greeting_with_news_is_no_mere_greeting():
    """A sentence that greets and then says what the matter is counts as what it says."""
    assert not greets("Hello, our payment deployment has failed since Monday.")
    assert greets("Hello there")
