"""What a turn means, said independently of the cache's key, and pairs that are easily mixed up."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from random import Random
from typing import Any, Literal

import attrs

from ion_framework.domain.conversation import Message, Role
from ion_framework.domain.persona import GenerationParameters
from ion_framework.pipeline.turn import ANONYMOUS, TurnRequest

SHARED = "forum"
"""The one persona whose answers may be shared."""

HOSTILE = (
    "",
    "a",
    "b",
    "ab",
    "ba",
    "aa",
    "A",
    "a ",
    " a",
    "a:b",
    "a|b",
    "a/b",
    "a@b",
    "a,b",
    "a\0b",
    "a\nb",
    "a\\nb",
    '["a"]',
    '["a", "b"]',
    '["a","b"]',
    '"',
    '", "',
    "[]",
    "{}",
    "null",
    "None",
    "0",
    "00",
    "1",
    "1.0",
    "*",
    "?",
    "%00",
    "../a",
    ANONYMOUS,
    "Anonymous",
    "default",
    SHARED,
    "а",  # Cyrillic
    "ａ",  # full width
    "a\u200b",
    "a\u200d",
    "\u202ea",
    "\ufeffa",
    "é",
    "e\u0301",
    "Å",
    "\u212b",
    "ﬁ",
    "fi",
    "ß",
    "ss",
    "가",
    "\u1100\u1161",
    "x" * 255,
    "x" * 256,
)
"""Delimiters, emptiness, look-alikes, several forms of the same character, and names of ours."""

FORMS: tuple[Literal["NFC", "NFD", "NFKC", "NFKD"], ...] = ("NFC", "NFD", "NFKC", "NFKD")
COOL, WARM = 0.1, 0.9
TEMPERATURES = (None, 0.0, COOL, WARM, 1.0)
TOKENS = (None, 1, 10, 100)


@attrs.frozen
class Meaning:
    """Everything that the answer of a turn depends on.

    Attributes:
        tenant: whose data.
        principal: who asks, as authenticated.
        user_id: the name that the caller gave.
        persona: who answers.
        version: its version.
        model: the model.
        temperature: a parameter of the generation.
        tokens: another one.
        history: earlier messages, the user's and the persona's in turn.
        text: the message.
    """

    tenant: str
    principal: str
    user_id: str
    persona: str
    version: str
    model: str
    temperature: float | None
    tokens: int | None
    history: tuple[str, ...]
    text: str

    @property
    def owner(self) -> tuple[str, ...]:
        """Whose answer it is; nothing for one that is everybody's."""
        if self.persona == SHARED and not (self.user_id or self.history):
            return ()
        if self.principal == ANONYMOUS and self.user_id:
            return (self.principal, self.user_id)
        return (self.principal,)

    @property
    def essence(self) -> tuple[object, ...]:
        """Equal for meanings that may share an answer: those of one owner, in any normal form."""
        return (
            self.tenant,
            self.owner,
            self.persona,
            self.version,
            self.model,
            self.temperature,
            self.tokens,
            tuple(map(_composed, self.history)),
            _composed(self.text.strip()),
        )

    @property
    def messages(self) -> tuple[Message, ...]:
        """The history."""
        roles = (Role.USER, Role.ASSISTANT)
        return tuple(
            Message(roles[number % 2], content) for number, content in enumerate(self.history)
        )

    @property
    def parameters(self) -> GenerationParameters:
        """What is asked of the model."""
        return GenerationParameters(temperature=self.temperature, max_output_tokens=self.tokens)

    @property
    def request(self) -> TurnRequest:
        """What a caller sends."""
        return TurnRequest(
            text=self.text,
            principal=self.principal,
            tenant=self.tenant,
            user_id=self.user_id or None,
            persona=self.persona,
            history=self.messages,
            parameters=self.parameters,
        )


class Meanings:
    """Makes pairs of meanings.

    Args:
        random: where chance comes from.
        personas: the personas there are.
        versions: their versions.
        models: the models.
    """

    def __init__(
        self,
        random: Random,
        personas: Sequence[str] = HOSTILE,
        versions: Sequence[str] = HOSTILE,
        models: Sequence[str] = HOSTILE,
    ) -> None:
        self._random = random
        self._fields: dict[str, Callable[[], Any]] = {
            "tenant": self._word,
            "principal": self._word,
            "user_id": self._word,
            "persona": lambda: random.choice((*personas, SHARED)),
            "version": lambda: random.choice(versions),
            "model": lambda: random.choice(models),
            "temperature": lambda: random.choice(TEMPERATURES),
            "tokens": lambda: random.choice(TOKENS),
            "history": self._history,
            "text": lambda: f"? {self._word()}",
        }

    def pair(self) -> tuple[Meaning, Meaning]:
        """Two meanings that are nearly, or seemingly, the same."""
        first = self._any()
        mix_up = self._random.choice((self._changed, self._changed, self._moved, self._recoded))
        return first, mix_up(first)

    def _any(self) -> Meaning:
        return Meaning(**{name: make() for name, make in self._fields.items()})

    def _changed(self, meaning: Meaning) -> Meaning:
        """One field, or two, are others."""
        names = self._random.sample(tuple(self._fields), self._random.choice((1, 1, 2)))
        return attrs.evolve(meaning, **{name: self._fields[name]() for name in names})

    def _moved(self, meaning: Meaning) -> Meaning:
        """Something of one field stands in another; put together they read the same."""
        left, right = self._random.sample(("tenant", "principal", "user_id"), 2)
        whole = getattr(meaning, left) + getattr(meaning, right)
        cut = self._random.randint(0, len(whole))
        parts: dict[str, Any] = {left: whole[:cut], right: whole[cut:]}
        return attrs.evolve(meaning, **parts)

    def _recoded(self, meaning: Meaning) -> Meaning:
        """A name is in another normal form of Unicode."""
        name = self._random.choice(("tenant", "principal", "user_id", "text"))
        form = self._random.choice(FORMS)
        recoded: Any = unicodedata.normalize(form, getattr(meaning, name))
        return attrs.evolve(meaning, **{name: recoded})

    def _word(self) -> str:
        first, second = self._random.choice(HOSTILE), self._random.choice(HOSTILE)
        return first if self._random.random() < 0.5 else first + second  # noqa: PLR2004  a coin

    def _history(self) -> tuple[str, ...]:
        number = self._random.choice((0, 0, 1, 2, 3))
        return tuple(self._random.choice(HOSTILE) for _ in range(number))


def _composed(text: str) -> str:
    return unicodedata.normalize("NFC", text)
