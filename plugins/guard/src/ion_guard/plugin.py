"""What the entry point names: the guard of requests."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from ion_framework import IncomingRequest, Language, PluginContext, Refusal, hookimpl
from ion_framework.errors import SettingsError
from ion_guard.judging import NOTHING, Judge, Judgement
from ion_guard.settings import GuardSettings

MOST_TOLD = 20
"""Matches of one request that the log tells."""


class RequestGuard:
    """Refuses requests, or only tells of them, by the mode.

    Args:
        judge: says what is in a request.
        context: has the logger.
    """

    def __init__(self, judge: Judge, context: PluginContext) -> None:
        self._judge = judge
        self._context = context

    @hookimpl
    def ion_guard_request(self, request: IncomingRequest) -> Refusal | None:
        """A refusal for an attack, where attacks are blocked."""
        found = self._judge.judge(request)
        if found is NOTHING:
            return None
        # Talk about attacks is no news: of a message only what is over its threshold is told.
        if found.score or found.attack:
            self._tell(request, found)
        if found.refused is None:
            return None
        return Refusal(found.refused, _sentence(found.refused, request.language))

    def _tell(self, request: IncomingRequest, found: Judgement) -> None:
        """Leave a line in the log, with nothing that the caller wrote."""
        self._context.logger.warning(
            "request matches rules of the guard",
            route=request.route,
            matches=[f"{match.rule}@{match.place}" for match in found.matches[:MOST_TOLD]],
            score=found.score,
            message_score=found.message_score,
            attack=found.attack or False,
            refused=found.refused or False,
        )


@cache
def _texts() -> Mapping[str, Mapping[str, str]]:
    table = tomllib.loads(files("ion_guard").joinpath("texts.toml").read_text("utf-8"))
    texts: Mapping[str, Mapping[str, str]] = table["guard"]
    return texts


def _sentence(family: str, language: Language | None) -> str:
    return _texts()[family][(language or Language.ENGLISH).value]


def plugin(context: PluginContext) -> RequestGuard:
    """The plugin of one `Ion`.

    Raises:
        SettingsError: a setting cannot be used; says what is valid.
    """
    try:
        return RequestGuard(Judge(context.settings_as(GuardSettings)), context)
    except ValueError as error:
        raise SettingsError(f"plugin.{context.name}: {error}") from None
