"""A card's own fields, and in them what has been changed in its package since.

Compared is what the card would say, field by field: a text in a second language, which a card has
no room for, changes nothing in it. Within a changed field, lines, greetings, examples and tags that
are as they were stay in the card's own words.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from difflib import SequenceMatcher
from typing import Any

import attrs

from ion_framework.cards.card import Card
from ion_framework.cards.examples import Examples, example_text, read_examples
from ion_framework.cards.fields import Fields
from ion_framework.cards.mapping import Mapped
from ion_framework.cards.remarks import Kind, Remark, listed
from ion_framework.cards.system_text import FIELDS, divided, parts, system_text, without_lore
from ion_framework.domain.dialogue import sendable
from ion_framework.domain.persona import Persona, pick, pick_list
from ion_framework.domain.template import from_card, is_comment, render_card, to_card

PLACE = "the card beside the manifest"
"""What errors call the card."""


@attrs.frozen
class Merged:
    """A card with what has been changed since.

    Attributes:
        data: its fields.
        changed: names of those that are no longer as they were.
        remarks: what could not be said in a card.
    """

    data: dict[str, Any]
    changed: tuple[str, ...]
    remarks: tuple[Remark, ...]


def merged(card: Card, mapped: Mapped, now: Fields) -> Merged:
    """A card with what has been changed in its package since.

    Args:
        card: the card.
        mapped: the card as a persona.
        now: the persona's fields.

    Raises:
        CardError: the card cannot be a persona any more.
    """
    persona = mapped.persona(now.persona.name, now.persona.version, PLACE)
    return _Merging(card, mapped, Fields(persona, mapped.language, None), now).done()


class _Merging:
    def __init__(self, card: Card, mapped: Mapped, before: Fields, now: Fields) -> None:
        self._card, self._mapped, self._before, self._now = card, mapped, before, now
        self._data = dict(card.data)
        self._remarks: list[Remark] = []
        self._special = {
            "display_name": self._name,
            "description": self._notes,
            "prompts.system": self._system,
            "prompts.reminder": self._reminder,
            "examples": self._examples,
            "greetings": self._greetings,
            "keywords": self._tags,
        }

    def done(self) -> Merged:
        """What has become of the card."""
        changed: list[str] = []
        same = self._before.language is self._now.language
        for part, write in self._now.writers.items():
            comparable = same or part in _WITHOUT_LANGUAGE
            if comparable and _part(self._before.persona, part) == _part(self._now.persona, part):
                continue
            own = self._special.get(part) if same or part == "display_name" else None
            written = own() if own else write()
            changed += [
                name
                for name, value in written.items()
                if name not in changed and self._card.data.get(name) != value
            ]
            self._data |= written
        self._note_comments(changed)
        return Merged(self._data, tuple(changed), tuple(self._remarks))

    def _is_said(self, part: str) -> bool:
        """Whether a part says the same in the card's language as before."""
        return self._before.writers[part]() == self._now.writers[part]()

    def _name(self) -> dict[str, Any]:
        if self._is_said("display_name"):
            return {}
        written = self._now.writers["display_name"]()
        return {"nickname": written["name"]} if self._data.get("nickname") else written

    def _notes(self) -> dict[str, Any]:
        """The notes of each language where the card has them, else of the card's own."""
        found = self._data.get("creator_notes_multilingual")
        notes = dict(found) if isinstance(found, Mapping) else {}
        written: dict[str, Any] = {}
        old = self._before.persona.description
        for language, text in self._now.persona.description.items():
            if old.get(language) == text:
                continue
            if language is self._now.language and language.value not in notes:
                written["creator_notes"] = text
            elif notes:
                notes[language.value] = text
                written["creator_notes_multilingual"] = notes
        return written

    def _system(self) -> dict[str, Any]:
        old, new = (
            self._plain(pick(fields.persona.prompts.system, fields.language))
            for fields in (self._before, self._now)
        )
        if old == new:
            return {}
        flat = self._before.writers["prompts.system"]()
        if self._mapped.restored and all(self._card.text(k) == v for k, v in flat.items()):
            return self._now.writers["prompts.system"]()
        written = self._divided()
        if written is None:
            self._remarks.append(Remark(Kind.SYSTEM))
        return written or {}

    def _divided(self) -> dict[str, Any] | None:
        """The fields of the changed system text; None where they do not make it again."""
        card, language = self._card, self._now.language
        examples = read_examples(card.text("mes_example"), card.text("name"))
        old = {name: sendable(text) for name, text in parts(card, examples).items()}
        text = pick(self._now.persona.prompts.system, language)
        new = divided(text, old, language)
        if new is None:
            return None
        written = {
            name: self._raw(card.text(name), new[name])
            for name in FIELDS[:-1]
            if new[name] != old[name]
        }
        if new["mes_example"] != old["mes_example"]:
            rest = to_card(new["mes_example"], self._now.values)
            examples = Examples(examples.pairs, (rest,) if rest else ())
            written["mes_example"] = example_text(examples.pairs, examples.rest)
        again = attrs.evolve(card, data={**card.data, **written})
        read = read_examples(again.text("mes_example"), card.text("name"))
        made = system_text(again, language, read)
        fits = read == examples and self._plain(made) == self._plain(text)
        return written if fits else None

    def _plain(self, text: str) -> str:
        """A system text as it can be said in a card."""
        return sendable(to_card(without_lore(text), self._now.values).strip())

    def _reminder(self) -> dict[str, Any]:
        if self._is_said("prompts.reminder"):
            return {}
        text = pick(self._now.persona.prompts.reminder, self._now.language)
        old = self._card.text("post_history_instructions")
        return {"post_history_instructions": self._raw(old, text)}

    def _examples(self) -> dict[str, Any]:
        if self._is_said("examples"):
            return {}
        names = self._mapped.names
        found = read_examples(self._data.get("mes_example") or "", self._card.text("name"))
        raw = {tuple(sendable(render_card(t, names)) for t in pair): pair for pair in found.pairs}
        own = [
            (item.user, item.reply)
            for item in self._now.persona.examples
            if item.language is self._now.language
        ]
        return {"mes_example": example_text((raw.get(pair, pair) for pair in own), found.rest)}

    def _greetings(self) -> dict[str, Any]:
        if self._is_said("greetings"):
            return {}
        card = self._card
        raw = {
            sendable(text): text
            for text in (card.text("first_mes"), *card.texts("alternate_greetings"))
        }
        first, *others = (
            raw.get(text, to_card(text, self._now.values))
            for text in pick_list(self._now.persona.greetings, self._now.language) or ("",)
        )
        return {"first_mes": first, "alternate_greetings": others}

    def _tags(self) -> dict[str, Any]:
        """The tags that are still keywords in any language, and keywords of the card's own."""
        if self._is_said("keywords") and not self._gone():
            return {}
        tags = self._card.texts("tags")
        gone, known = self._gone(), {sendable(tag).strip() for tag in tags}
        words = pick_list(self._now.persona.keywords, self._now.language)
        return {
            "tags": [
                *(tag for tag in tags if sendable(tag).strip() not in gone),
                *(word for word in words if word not in known),
            ]
        }

    def _gone(self) -> set[str]:
        before, now = (
            {word for words in fields.persona.keywords.values() for word in words}
            for fields in (self._before, self._now)
        )
        return before - now

    def _raw(self, old: str, text: str) -> str:
        """A changed template in the words of a card: lines that are as they were stay as they were.

        Args:
            old: the field before.
            text: what it is to say.
        """
        raw = old.split("\n")
        before, now = [sendable(from_card(line)) for line in raw], text.split("\n")
        if "\n".join(before) != sendable(from_card(old)):
            return to_card(text, self._now.values)
        lines: list[str] = []
        matcher = SequenceMatcher(None, before, now, autojunk=False)
        for kind, start, end, first, last in matcher.get_opcodes():
            if kind == "equal":
                lines += raw[start:end]
                continue
            # A line of nothing but a comment is no line of the persona's text.
            lines += [raw[n] for n in range(start, end) if raw[n].strip() and not before[n].strip()]
            lines += [to_card(line, self._now.values) for line in now[first:last]]
        return "\n".join(lines)

    def _note_comments(self, changed: list[str]) -> None:
        lost = [
            name
            for name in changed
            if isinstance(self._data[name], str)
            and _comments(self._card.text(name)) > _comments(self._data[name])
        ]
        if lost:
            self._remarks.append(Remark(Kind.COMMENTS, {"names": listed(lost)}))


_WITHOUT_LANGUAGE = ("version", "lorebook")
"""Parts of a persona that are the same in every language."""


def _comments(text: str) -> int:
    """How many comments a text of a card has."""
    return sum(map(is_comment, _MACRO.findall(text)))


_MACRO = re.compile(r"\{\{([^{}]*)\}\}")


def _part(persona: Persona, path: str) -> object:
    found: object = persona
    for step in path.split("."):
        found = getattr(found, step)
    return found
