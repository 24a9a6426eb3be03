"""Why plugins have their status, in the language of who looks."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from functools import lru_cache

from ion_framework.domain.language import Language

_KNOWN = 1024
"""Reasons that are remembered; an installation has some dozens."""


async def prepare(reasons: Iterable[str], language: Language | None) -> None:
    """Have reasons told in a language beside the loop: the first ones take 0.1 s.

    Args:
        reasons: as the plugins' records have them.
        language: the language, None for English.
    """
    if language is Language.KOREAN:
        await asyncio.to_thread(_tell_all, tuple(reasons))


def _tell_all(reasons: Iterable[str]) -> None:
    for reason in reasons:
        _korean(reason)


def reason_in(reason: str, language: Language | None) -> str:
    """A reason in a language; one that nobody has translated stays English.

    Args:
        reason: as the plugin's record has it.
        language: the language, None for English.
    """
    return _korean(reason) if language is Language.KOREAN else reason


@lru_cache(_KNOWN)
def _korean(reason: str) -> str:
    from ion_framework.cli.translating import translated  # 0.1 s, and only Koreans need it

    return translated(reason, Language.KOREAN)
