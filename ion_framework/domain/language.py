"""Which of the two languages that ION speaks a text is written in."""

from __future__ import annotations

import re
from enum import StrEnum


class Language(StrEnum):
    """A language that prompts, replies and errors exist in (BCP 47 primary tag)."""

    ENGLISH = "en"
    KOREAN = "ko"


_HANGUL = re.compile("[\u1100-\u11ff\u3130-\u318f\uac00-\ud7a3]")
_LATIN = re.compile("[A-Za-z]")
_HANGUL_SHARE = 0.15


def detect_language(text: str) -> Language:
    """Korean where Hangul makes up at least 15 % of the letters, else English.

    The threshold is low because Korean engineers write Korean around English terms
    (``"useEffect cleanup 언제 호출돼요?"``) and hardly ever the reverse. A syllable block counts as
    two letters: it carries two to three jamo where an English letter carries one sound.
    """
    hangul = 2 * len(_HANGUL.findall(text))
    latin = len(_LATIN.findall(text))
    if hangul and hangul >= _HANGUL_SHARE * (hangul + latin):
        return Language.KOREAN
    return Language.ENGLISH
