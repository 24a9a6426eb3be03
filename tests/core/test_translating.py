"""Sentences of the command line in Korean."""

from __future__ import annotations

import pytest

from ion_framework.cli.translating import sentences, translated
from ion_framework.domain.language import Language


@pytest.mark.parametrize(
    ("english", "korean"),
    [
        ("needed by lua", "lua가 사용합니다"),
        ("rank 3 decides where personas are level", "점수가 같으면 순위 3으로 정합니다"),
        ("rank 2 decides where personas are level", "점수가 같으면 순위 2로 정합니다"),
        ("was not read\nwas not read", "읽지 않았습니다\n읽지 않았습니다"),
        ("what nobody has translated", "what nobody has translated"),
    ],
)
def test_a_sentence_is_said_in_korean_with_its_particles(english, korean):
    """Gaps keep their values, and particles follow the last sound of these."""
    assert korean == translated(english, Language.KOREAN)
    assert english == translated(english, Language.ENGLISH)


def test_every_sentence_reads_in_korean():
    """Each has Hangul in it, and no particle is written in both forms."""
    for _, korean in sentences():
        assert any("가" <= character <= "힣" for character in korean)
        assert "(" + "를)" not in korean
