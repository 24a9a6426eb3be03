"""From a turn to the key under which its answer is stored."""

from __future__ import annotations

import json
import re
import unicodedata
from itertools import groupby

import attrs

from ion_framework.domain.persona import CacheScope, GenerationParameters, Persona
from ion_framework.domain.prompt import Prompt
from ion_framework.pipeline.cache import CacheKey
from ion_framework.pipeline.turn import ANONYMOUS, Turn, TurnContext, TurnRequest

LONGEST_RUN = 30
"""Marks in a row of a text in the stream-safe format (Unicode Standard Annex 15)."""


MAYBE_MARK = re.compile(
    "[^\0-\u02ff\u1100-\u11ff\u2000-\u20cf\u2100-\u2bff\u3030-\u3098\u3100-\ua4ff"
    "\uac00-\ud7ff\uf900-\ufa6d\uff00-\uffef\U0001f000-\U0001faff]"
)
"""What lies outside large blocks without marks: most texts are known by this, ten times faster."""


@attrs.frozen
class GeneratorModel:
    """What the plugin object of a generator says of its model, read once, at activation.

    Attributes:
        name: its attribute ``model``, empty without one.
        cache_identity: its attribute ``cache_identity``, empty without one: everything that its
            answers depend on and a turn does not tell, such as model, address and safety settings.
    """

    name: str = ""
    cache_identity: str = ""

    def key_part(self, plugin: str) -> str:
        """What the cache key holds of a generator: ``plugin@identity``, or ``plugin@model``."""
        # With the plugin's name in any case: two plugins may choose the same text.
        return f"{plugin}@{self.cache_identity or self.name}"


def make_key(turn: Turn, persona: Persona, prompt: Prompt, generator: str) -> CacheKey:
    """The key of a turn's answer.

    Args:
        turn: the turn.
        persona: the persona that answers.
        prompt: the prompt as it is sent.
        generator: first active generator, as `GeneratorModel.key_part` has it.
    """
    request = turn.request
    return CacheKey(
        tenant=request.tenant,
        principal="" if _is_shared(persona, turn) else principal_of(request),
        persona=persona.name,
        persona_version=persona.version,
        prompt=prompt.name,
        prompt_version=prompt.version,
        generator=generator,
        parameters=_canonical_parameters(prompt.parameters),
        text=_canonical_text(turn, prompt),
        tags=(
            f"persona:{persona.name}",
            f"version:{persona.name}@{persona.version}",
            f"tenant:{request.tenant}",
            f"key:{turn.resonance.key if turn.resonance else ''}",
        ),
    )


def principal_of(request: TurnRequest) -> str:
    """Whose answers may be served: who asks, without authentication with the name they gave.

    The untrusted name only ever narrows who shares an entry; it never lets a caller into the
    entries of an authenticated principal.
    """
    named = request.user_id if request.principal == ANONYMOUS else None
    # As JSON, because a principal may hold any character, a separator too.
    return json.dumps([request.principal, named] if named else [request.principal])


def _is_shared(persona: Persona, turn: Turn) -> bool:
    """Whether an answer is for everybody: nothing in the turn may tell of its user.

    The request counts and not only the prompt, because a generator sees the whole turn.
    """
    request = turn.request
    tells = (
        request.user_id,
        request.session_id,
        request.history,
        request.summary,
        request.notes,
        turn.context != TurnContext(),
    )
    return persona.cache.scope is CacheScope.SHARED and not any(tells)


def _canonical_parameters(parameters: GenerationParameters) -> str:
    values = (parameters.temperature, parameters.top_p, parameters.max_output_tokens)
    return json.dumps(values)


def _canonical_text(turn: Turn, prompt: Prompt) -> str:
    # Not every prompt tells the key, but a generator sees it in the turn.
    key = str(turn.resonance.key) if turn.resonance else ""
    length = len(prompt.system) + len(prompt.context) + len(prompt.user)
    if prompt.history or prompt.insertions or length > _LONGEST_REMEMBERED:
        return _text_of(key, prompt)
    known = (key, prompt.system, prompt.context, prompt.user, prompt.language, prompt.mode)
    text = _texts.get(known)
    if text is None:
        if len(_texts) >= _MOST_REMEMBERED:
            _texts.clear()
        text = _texts[known] = _text_of(key, prompt)
    return text


_LONGEST_REMEMBERED = 8000
_MOST_REMEMBERED = 128
_texts: dict[tuple[str, ...], str] = {}
"""Of single messages that come again, which are those that the cache answers: to look through some
kilobytes of prompt takes longer than all the rest of a look-up."""


def _text_of(key: str, prompt: Prompt) -> str:
    parts = (
        key,
        prompt.system,
        prompt.context,
        [(message.role.value, message.content) for message in prompt.history],
        prompt.user.strip(),
        prompt.language.value,
        prompt.mode.value,
        *([item.index, item.role.value, item.text] for item in prompt.insertions),
    )
    return _normalised(_AS_TEXT.encode(parts))


_AS_TEXT = json.JSONEncoder(ensure_ascii=False)


def _normalised(text: str) -> str:
    """The text in the normal form NFC, or as it is where it is in no stream-safe format.

    Sorting the marks of one character takes quadratic time, so that a message of nothing but
    marks would hold the event loop for seconds. No language has so many in a row.
    """
    if text.isascii() or _longest_run(text) > LONGEST_RUN:
        return text
    return unicodedata.normalize("NFC", text)


def _longest_run(text: str) -> int:
    if not MAYBE_MARK.search(text):
        return 0
    marks = {char for char in set(text) if is_mark(char)}
    if not marks:
        return 0
    return max(sum(1 for _ in run) for marked, run in groupby(text, marks.__contains__) if marked)


def is_mark(char: str) -> bool:
    """Whether a character is a combining mark, or begins with one once it is taken apart."""
    return unicodedata.combining(unicodedata.normalize("NFD", char)[0]) > 0
