"""What ``ion persona new`` and ``ion plugin new`` ask and say, in English and Korean."""

from __future__ import annotations

from collections.abc import Mapping

from ion_framework.domain.hints import TONE_WORDS
from ion_framework.domain.key import Tone
from ion_framework.domain.language import Language

_ENGLISH, _KOREAN = Language.ENGLISH, Language.KOREAN

_QUESTIONS: Mapping[Language, Mapping[str, str]] = {
    _ENGLISH: {
        "english": "Name that people see, in English",
        "korean": "Name that people see, in Korean",
        "tones": "{list}\nWhich of these tones is it for? (with commas)",
        "description": "What is it for, in one sentence?",
        "summary": "What does it do, in one sentence?",
    },
    _KOREAN: {
        "english": "영어로 보일 이름",
        "korean": "한국어로 보일 이름",
        "tones": "{list}\n이 가운데 어떤 감정을 위한 페르소나인가요? (쉼표로 구분)",
        "description": "무엇을 위한 페르소나인지 한 문장으로 적어 주세요",
        "summary": "무엇을 하는지 한 문장으로 적어 주세요",
    },
}

_INSTALL = """\
  (cd ../ion && python -m pip wheel --no-deps --wheel-dir dist -r requirements.txt)
  python -m venv .venv && . .venv/bin/activate
  python -m pip install ../ion/dist/*.whl
  python -m pip install --find-links ../ion/dist -e ".[test]"
  python -m pytest
"""

PERSONA_STEPS: Mapping[Language, str] = {
    _ENGLISH: (
        "The persona {name} is written. Next, in {folder}, with a clone of ION in ../ion:\n\n"
        + _INSTALL
        + '  ion persona check .\n  ion chat --persona {name} "Where do I start?"'
    ),
    _KOREAN: (
        "페르소나 {name}의 패키지를 만들었습니다. 이어서 {folder}에서 (ION 클론은 ../ion에):\n\n"
        + _INSTALL
        + '  ion persona check .\n  ion chat --persona {name} "무엇부터 시작할까요?"'
    ),
}
"""What to do after a persona was written; ``{name}`` and ``{folder}`` are filled in."""

PLUGIN_STEPS: Mapping[Language, str] = {
    _ENGLISH: (
        "The plugin {name} is written. Next, in {folder}, with a clone of ION in ../ion:\n\n"
        + _INSTALL
        + "  ion plugins check ."
    ),
    _KOREAN: (
        "플러그인 {name}의 패키지를 만들었습니다. 이어서 {folder}에서 (ION 클론은 ../ion에):\n\n"
        + _INSTALL
        + "  ion plugins check ."
    ),
}
"""The same for any other plugin."""


def texts_for(language: Language) -> Mapping[str, str]:
    """The questions in a language, by name."""
    tones = "\n".join(f"  {tone.value:14} {TONE_WORDS[language][tone]}" for tone in Tone)
    return {name: text.format(list=tones) for name, text in _QUESTIONS[language].items()}
