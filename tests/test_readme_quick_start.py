"""The first line of the quick start, word for word, as a newcomer types it."""

import socket
from pathlib import Path

import pytest

from tests.support.environments import Environment, copy_checkout, free_port, run_curl
from tests.support.repository import blocks

SERVE = "python -m pip install tox && tox run -e serve"
CHECK = "python -m pip install tox && tox run"

MESSAGES = {
    "이거 진짜 답답해요! 왜 안 되는 거죠?": {"Lua"},
    "Compare the two query plans and isolate the cause of the latency": {"Elro", "Riri"},
    "지금 결제 서버 죽었어요 당장 롤백 방법 알려 주세요": {"Nana"},
}


def is_korean(text: str) -> bool:
    """Whether a text holds a Korean syllable."""
    return any("가" <= character <= "힣" for character in text)


@pytest.mark.parametrize(
    ("readme", "section"), [("README.md", "Quick start"), ("README.ko.md", "빠른 시작")]
)
def test_the_quick_start_is_two_lines(readme: str, section: str):
    """The quick start of each README is exactly the two lines, each in a block of its own."""
    lines = [block.text for block in blocks(readme) if block.section == section]

    assert [f"{SERVE}\n", f"{CHECK}\n"] == lines[:2]
    assert not [line for line in lines[2:] if "pip install" in line]


@pytest.mark.environment
def test_the_quick_start_serves(tmp_path: Path):
    """In a fresh environment with an empty home the first line ends in three right answers."""
    environment = Environment.create(tmp_path)
    checkout = copy_checkout(tmp_path / "ion")
    port = free_port()

    with environment.started(SERVE, checkout, port) as server:
        shown = run_curl(server.wait_for("curl "))
        answers = {message: server.ask(message) for message in MESSAGES}

    assert "Lua" == shown["persona_used"]
    for message, answer in answers.items():
        assert answer["persona_used"] in MESSAGES[message]
        assert answer["content"].strip()
        assert is_korean(message) == is_korean(answer["content"])
        assert len(answer["resonance_key"].split("-")) == 3
        assert 0 < answer["confidence"] <= 1
        assert answer["metadata"]
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0
