"""Lorebooks: what a persona knows, put into a prompt when the conversation touches it.

A port of the lorebooks of Character Cards V2 and V3. An entry is inserted where one of its keys
stands in the latest messages, or in every turn where it is constant. What no turn changes is
*stable*: constant entries without conditions that no budget can ever push out. They stand in the
stable part of the prompt, which models cache; all others come after it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from functools import cached_property

import attrs

from ion_framework.domain.lore_decorators import Decorated, take_apart
from ion_framework.domain.lore_matching import (
    Matcher,
    Searched,
    contains_any,
    is_slashed,
    matches_any,
    matches_slashed,
    normal,
)
from ion_framework.domain.template import render_card
from ion_framework.domain.tokens import estimate

DEFAULT_SCAN_DEPTH = 4
"""Messages that are searched for keys, the message to answer among them."""

SCANNED_CHARACTERS = 16_000
"""Characters of the latest messages that are searched, the oldest left out first."""

ROUNDS = 5
"""How often what was just activated is searched for further keys (``recursive_scanning``)."""

MAX_ENTRIES = 2000
"""Entries of all lorebooks of a persona."""

MAX_KEYS = 10_000
"""Keys of all entries together, which bounds what searching takes."""


class LorePosition(StrEnum):
    """Where an entry stands."""

    BEFORE_CHAR = "before_char"
    AFTER_CHAR = "after_char"


@attrs.frozen
class LoreEntry:
    """One entry; the names of its keys are those of the card format.

    Attributes:
        content: what is inserted; may begin with decorators (`lore_decorators`), and may use
            ``{{char}}`` and ``{{user}}``.
        keys: it is activated where the conversation contains one of them.
        enabled: whether it is used at all.
        insertion_order: the lower, the earlier in the prompt.
        priority: the lower, the sooner it gives way where the budget is spent; without it the
            insertion order counts instead.
        constant: it is inserted in every turn; ignored with ``use_regex``.
        selective: one of the secondary keys must be there as well.
        secondary_keys: see ``selective``; ignored with ``use_regex``.
        case_sensitive: whether case matters for its keys.
        whole_words: whether Latin letters and digits must not go on beside a key.
        use_regex: its keys are patterns of RE2; needs the extra ``ion-framework[cards]``.
        slashed_keys: those of its keys that stand between slashes (``/pattern/flags``) are patterns
            of RE2, which need the extra, all others are plain; ignored with ``use_regex``.
        position: before or after the text about the character.
        name: what a receipt calls it; without one, its first key.
    """

    content: str
    keys: tuple[str, ...] = ()
    enabled: bool = True
    insertion_order: float = 0
    priority: float | None = None
    constant: bool = False
    selective: bool = False
    secondary_keys: tuple[str, ...] = ()
    case_sensitive: bool = False
    whole_words: bool = False
    use_regex: bool = False
    slashed_keys: bool = False
    position: LorePosition = LorePosition.AFTER_CHAR
    name: str = ""

    @property
    def patterns(self) -> tuple[str, ...]:
        """Those of its keys that are regular expressions."""
        if self.use_regex:
            return self.keys
        keys = (*self.keys, *self.secondary_keys) if self.slashed_keys else ()
        return tuple(filter(is_slashed, keys))

    @property
    def needs_patterns(self) -> bool:
        """Whether RE2 has to be installed for it."""
        return self.use_regex or bool(self.patterns)


@attrs.frozen
class Inserted:
    """An entry as it goes into a prompt.

    Attributes:
        label: what a receipt calls it.
        text: its content, decorators taken off.
        position: where it stands, unless a depth says otherwise.
        depth: how many messages from the end of the conversation it stands, the message to answer
            counted; below 1 at the very end. None without one.
        role: who says it where it has a depth: ``system``, ``user`` or ``assistant``.
    """

    label: str
    text: str
    position: LorePosition
    depth: int | None = None
    role: str = "system"


@attrs.frozen
class Scan:
    """What a lorebook is searched with.

    Attributes:
        messages: the conversation, oldest first, the message to answer last.
        answers: how many of them are the persona's side.
    """

    messages: Sequence[str]
    answers: int


@attrs.define(eq=False, slots=False)
class _Prepared:
    """An entry, ready to be matched. Matchers are made at first use: few entries need theirs."""

    entry: LoreEntry
    place: int
    content: Decorated
    tokens: int

    @cached_property
    def keys(self) -> Matcher:
        if self.entry.use_regex:  # further patterns are alternatives, further keys conditions
            return self._matcher((*self.entry.keys, *self.content.texts("additional_keys")))
        return self._matcher(self.entry.keys)

    @cached_property
    def secondary(self) -> Matcher:
        return self._matcher(self.entry.secondary_keys)

    @cached_property
    def additional(self) -> Matcher:
        return self._matcher(self.content.texts("additional_keys"), patterns=False)

    @cached_property
    def excluded(self) -> Matcher:
        return self._matcher(self.content.texts("exclude_keys"), patterns=False)

    @property
    def rank(self) -> tuple[float, int]:
        """What decides who gives way: the higher, the longer an entry stays."""
        entry = self.entry
        return (
            entry.insertion_order if entry.priority is None else entry.priority,
            -self.place,
        )

    @property
    def inserted(self) -> Inserted:
        content, entry = self.content, self.entry
        place = content.decorators.get("position")
        position = {
            "before_desc": LorePosition.BEFORE_CHAR,
            "after_desc": LorePosition.AFTER_CHAR,
        }.get(str(place), entry.position)
        label = entry.name or next(iter(entry.keys), "") or f"#{self.place}"
        return Inserted(
            label=label,
            text=content.text,
            position=position,
            depth=None if place else content.number("depth"),
            role=str(content.decorators.get("role", "system")),
        )

    @property
    def always(self) -> bool:
        """Whether it is activated without a key."""
        return self.content.has("activate") or (self.entry.constant and not self.entry.use_regex)

    @property
    def conditions(self) -> bool:
        """Whether something decides about it from turn to turn."""
        if self.content.has("activate"):
            return False
        names = ("activate_only_after", "activate_only_every", "additional_keys", "exclude_keys")
        return any(map(self.content.has, names))

    def _matcher(self, keys: Iterable[str], *, patterns: bool = True) -> Matcher:
        entry = self.entry
        if entry.use_regex:
            return matches_any(keys, case_sensitive=entry.case_sensitive)
        if entry.slashed_keys:  # a decorator's keys are separated by commas, as patterns are not
            return matches_slashed(
                keys,
                case_sensitive=entry.case_sensitive,
                whole_words=entry.whole_words,
                patterns=patterns,
            )
        return contains_any(
            keys, case_sensitive=entry.case_sensitive, whole_words=entry.whole_words
        )


@attrs.frozen(slots=False)
class Lorebook:
    """A persona's lorebook.

    Attributes:
        entries: the entries.
        scan_depth: so many of the latest messages are searched, the one to answer among them; 4
            without it.
        token_budget: tokens of all inserted entries together, by estimate; those of the lowest
            priority give way. No limit without it.
        recursive_scanning: whether what is inserted is searched for keys of further entries.
    """

    entries: tuple[LoreEntry, ...] = ()
    scan_depth: int | None = attrs.field(
        default=None, validator=attrs.validators.optional(attrs.validators.ge(0))
    )
    token_budget: int | None = attrs.field(
        default=None, validator=attrs.validators.optional(attrs.validators.ge(0))
    )
    recursive_scanning: bool = False

    @property
    def needs_patterns(self) -> bool:
        """Whether an entry in use has keys that are regular expressions."""
        return any(entry.enabled and entry.needs_patterns for entry in self.entries)

    @cached_property
    def stable(self) -> tuple[Inserted, ...]:
        """The entries that stand in every prompt, in their order."""
        return tuple(item.inserted for item in _in_order(self._stable))

    def activated(self, scan: Scan) -> tuple[Inserted, ...]:
        """The entries that this turn adds to the stable ones, in their order."""
        found = self._matching(scan)
        kept = _within(found, self.token_budget)
        stable = {item.place for item in self._stable}
        return tuple(item.inserted for item in _in_order(kept) if item.place not in stable)

    @cached_property
    def _prepared(self) -> tuple[_Prepared, ...]:
        prepared = []
        for place, entry in enumerate(self.entries):
            content = take_apart(entry.content)
            ignored = content.has("dont_activate") and not content.has("activate")
            if entry.enabled and content.text.strip() and not ignored:
                prepared.append(_Prepared(entry, place, content, estimate(content.text)))
        return tuple(prepared)

    @cached_property
    def _stable(self) -> tuple[_Prepared, ...]:
        """Constant entries without conditions that stay even when all others are activated."""
        return tuple(
            item
            for item in _within(self._prepared, self.token_budget)
            if item.always and not item.conditions and item.inserted.depth is None
        )

    def _matching(self, scan: Scan) -> list[_Prepared]:
        texts = _Texts(scan, DEFAULT_SCAN_DEPTH if self.scan_depth is None else self.scan_depth)
        found = [item for item in self._prepared if _is_match(item, texts, scan.answers)]
        waiting, fresh = _without(self._prepared, found), found
        for _ in range(ROUNDS if self.recursive_scanning else 0):
            said = Scan([item.content.text for item in fresh], scan.answers)
            texts = _Texts(said, len(fresh), follows=True)
            fresh = [item for item in waiting if _is_match(item, texts, scan.answers)]
            if not fresh:
                break
            found = [*found, *fresh]
            waiting = _without(waiting, fresh)
        return found


class _Texts:
    """The latest messages as one text, for each depth and treatment of case made once.

    Args:
        scan: the conversation.
        depth: how many messages count, unless an entry says otherwise.
        follows: whether these are other entries' contents, for which no depth counts.
    """

    def __init__(self, scan: Scan, depth: int, *, follows: bool = False) -> None:
        self._messages = scan.messages
        self._depth = depth
        self._follows = follows
        self._made: dict[tuple[int, bool], Searched] = {}

    def of(self, item: _Prepared) -> Searched:
        own = None if self._follows else item.content.number("scan_depth")
        depth = self._depth if own is None else own
        entry = item.entry
        key = (depth, entry.case_sensitive or entry.use_regex or entry.slashed_keys)
        if key not in self._made:
            latest = "\n".join(self._messages[-depth:]) if depth else ""
            text = normal(latest[-SCANNED_CHARACTERS:], case_sensitive=key[1])
            self._made[key] = Searched(text)
        return self._made[key]


def _without(items: Iterable[_Prepared], taken: Iterable[_Prepared]) -> list[_Prepared]:
    places = {item.place for item in taken}
    return [item for item in items if item.place not in places]


def _is_match(item: _Prepared, texts: _Texts, answers: int) -> bool:
    content, entry = item.content, item.entry
    if content.has("activate"):
        return True
    after, every = content.number("activate_only_after"), content.number("activate_only_every")
    if (after is not None and answers < after) or (every and answers % every):
        return False
    text = texts.of(item)
    if not (item.always or item.keys(text)):
        return False
    return entry.use_regex or _conditions_hold(item, text)


def _conditions_hold(item: _Prepared, text: Searched) -> bool:
    content, entry = item.content, item.entry
    if content.has("additional_keys") and not item.additional(text):
        return False
    if content.has("exclude_keys") and item.excluded(text):
        return False
    wants = entry.selective and entry.secondary_keys and not item.always
    return not wants or item.secondary(text)


def _within(items: Sequence[_Prepared], budget: int | None) -> Sequence[_Prepared]:
    """Those that stay when the lowest give way until the rest fits."""
    if budget is None:
        return items
    kept = []
    for item in sorted(items, key=lambda item: item.rank, reverse=True):
        budget -= item.tokens
        if budget < 0:
            break
        kept.append(item)
    return kept


def _in_order(items: Iterable[_Prepared]) -> list[_Prepared]:
    return sorted(items, key=lambda item: (item.entry.insertion_order, item.place))


def texts_at(
    inserted: Iterable[Inserted], position: LorePosition, values: Mapping[str, str]
) -> str:
    """The texts of the entries at a position, without those that have a depth."""
    chosen = (item for item in inserted if item.depth is None and item.position is position)
    return "\n".join(render_card(item.text, values) for item in chosen)
