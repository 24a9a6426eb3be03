"""Why plugins have their status, in the language of who looks."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

from ion_framework.domain.language import Language

_KNOWN = 1024
"""Reasons that are remembered; an installation has some dozens."""

_korean: dict[str, str] = {}

_BESIDE = ThreadPoolExecutor(1, thread_name_prefix="ion-reasons")
"""A thread of its own: those of the loop may all wait for something else."""


async def prepare(reasons: Iterable[str], language: Language | None) -> None:
    """Have reasons told in a language beside the loop: the first ones take 0.1 s.

    Args:
        reasons: as the plugins' records have them.
        language: the language, None for English.
    """
    if language is not Language.KOREAN:
        return
    new = tuple(reason for reason in reasons if reason not in _korean)
    if new:
        await asyncio.get_running_loop().run_in_executor(_BESIDE, _tell_all, new)


def _tell_all(reasons: Iterable[str]) -> None:
    for reason in reasons:
        _in_korean(reason)


def reason_in(reason: str, language: Language | None) -> str:
    """A reason in a language; one that nobody has translated stays English.

    Args:
        reason: as the plugin's record has it.
        language: the language, None for English.
    """
    return _in_korean(reason) if language is Language.KOREAN else reason


def _in_korean(reason: str) -> str:
    known = _korean.get(reason)
    if known is not None:
        return known
    from ion_framework.cli.translating import translated  # 0.1 s, and only Koreans need it

    told = translated(reason, Language.KOREAN)
    if len(_korean) >= _KNOWN:
        _korean.clear()
    _korean[reason] = told
    return told
