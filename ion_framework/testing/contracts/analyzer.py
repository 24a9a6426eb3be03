"""What every analyser has to hold."""

from __future__ import annotations

from typing import ClassVar

import pytest

from ion_framework.domain.language import Language
from ion_framework.manifest.model import Kind
from ion_framework.testing.contracts.plugin import PluginContract

ODD_TEXTS = (
    "?",
    "ㅋㅋㅋㅋㅋㅋ",
    "😀😀😀",
    "a" * 5000,
    "가" * 5000,
    "\u200b\u200b x",
    "e\u0301\u0301\u0301",
    "\u202eright to left",
    "(((((((((((((((((((((((((((((",
    "`code` \"quote\" '인용'",
)


class AnalyzerContract(PluginContract):
    """Subclass with ``plugin = "<name>"`` to test a plugin that provides an analyser."""

    kind: ClassVar[Kind | None] = Kind.ANALYZER

    @pytest.mark.parametrize("text", ODD_TEXTS)
    async def test_odd_texts_are_read(self, text: str) -> None:
        """Odd texts get a reading, with confidences between 0 and 1."""
        async with self.running() as ion:
            resonance = await ion.analyze(text)
            assert 0.0 <= resonance.tone.confidence <= 1.0
            assert 0.0 <= resonance.intent.confidence <= 1.0

    async def test_the_same_text_reads_the_same(self) -> None:
        """Two instances read the same text alike."""
        text = "왜 자꾸 실패하는지 모르겠어요. Can you help me plan the next step?"
        async with self.running() as first, self.running() as second:
            assert await first.analyze(text) == await second.analyze(text)

    async def test_evidence_points_into_the_text(self) -> None:
        """Evidence with a position lies within the text."""
        text = "이거 진짜 답답해요! Why does this keep failing? 계획을 같이 세워 볼까요?"
        async with self.running() as ion:
            resonance = await ion.analyze(text)
            assert resonance.evidence
            for item in resonance.evidence:
                if item.start is not None:
                    assert item.end is not None
                    assert 0 <= item.start < item.end <= len(text)

    async def test_the_language_is_told(self) -> None:
        """A Korean text is told to be Korean, an English one English."""
        async with self.running() as ion:
            assert (await ion.analyze("안녕하세요")).language is Language.KOREAN
            assert (await ion.analyze("good morning")).language is Language.ENGLISH
