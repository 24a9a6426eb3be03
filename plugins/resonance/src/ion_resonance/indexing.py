"""Makes the tables of a lexicon: what is worked out once so that no message waits for it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any

from ion_resonance.lexicon import VALUES, Cue, Lexicon, Surroundings
from ion_resonance.needles import needles
from ion_resonance.spellings import spellings
from ion_resonance.tables import PREFIXES

FEW = 4
"""So many lengths are tried one by one before more letters are looked at."""

_Written = Sequence[Any]


def heading_of(lexicon: Lexicon) -> dict[str, Any]:
    """What tells whether a message concerns a language, and how it is measured."""
    end = lexicon.sentence_end
    return {
        "letters": lexicon.letters,
        "words_per_syllable": lexicon.words_per_syllable,
        "sentence_end": end and end.pattern,
        "courtesies": _sides(lexicon.courtesies),
    }


def rest_of(lexicon: Lexicon) -> dict[str, Any]:
    """The cues of a language, as `ion_resonance.tables.Cues` takes them."""
    fixed = [cue for cue in lexicon.cues if not cue.regex]
    whole = _spelled(lexicon, (cue for cue in fixed if not cue.open_start))
    part = _spelled(lexicon, (cue for cue in fixed if cue.open_start))
    letter = re.compile(f"[{lexicon.letters}]" if lexicon.letters else "(?!)")
    others = sorted({text[0] for text in whole if not letter.match(text)})
    return {
        "whole": _index(whole),
        "part": _index(part),
        "expressions": _expressions(cue for cue in lexicon.cues if cue.regex),
        "negation": _sides(lexicon.negation),
        "reported": _sides(lexicon.reported),
        "others": "".join(map(re.escape, others)),
    }


def _sides(surroundings: Surroundings) -> _Written:
    return [_expression(each) for each in (surroundings.before, surroundings.after)]


def _expression(pattern: re.Pattern[str] | None) -> _Written | None:
    return None if pattern is None else [pattern.pattern, list(needles(pattern.pattern))]


def _spelled(lexicon: Lexicon, cues: Iterable[Cue]) -> dict[str, _Written]:
    """Every way of writing the cues, with what it may be."""
    grouped: dict[str, dict[bool, list[Cue]]] = {}
    for cue in cues:
        for text in spellings(cue.text, loose_spaces=lexicon.loose_spaces):
            grouped.setdefault(text, {}).setdefault(not cue.open_end, []).append(cue)
    return {
        text: [
            [closed, None if same[0].text == text else same[0].text, _groups(same)]
            for closed, same in kinds.items()
        ]
        for text, kinds in grouped.items()
    }


def _index(spelled: Mapping[str, _Written]) -> dict[str, Any]:
    texts = sorted(text for text in spelled if len(text) > 1)
    lengths: dict[str, list[int]] = {}
    _split(texts, PREFIXES, lengths)
    return {
        "entries": _packed({text: _line(each) for text, each in spelled.items()}),
        "lengths": _packed(lengths),
        "firsts": "".join(sorted({text[0] for text in texts})),
        "singles": "".join(sorted(text for text in spelled if len(text) == 1)),
    }


def _line(entry: _Written) -> str:
    """What a spelling may be, as a text: most are never asked for, and those need no objects."""
    return json.dumps(entry, ensure_ascii=False, separators=(",", ":"))


def _packed(table: Mapping[str, Any]) -> dict[str, Any]:
    """A table with its keys in one text and each value once; `ion_resonance.tables` undoes it."""
    values: dict[str, tuple[int, Any]] = {}
    numbers = [values.setdefault(repr(each), (len(values), each))[0] for each in table.values()]
    return {
        "keys": "\n".join(table),
        "numbers": numbers,
        "values": [each for _, each in values.values()],
    }


def _groups(cues: Sequence[Cue]) -> _Written:
    """What cues of one text say, per component; of two for one value the louder one speaks.

    Two cues share a text where one is a spelling of the other: ``doesn't`` and ``does not``.
    """
    found: dict[str, dict[str, float]] = {}
    for cue in cues:
        said = found.setdefault(cue.component, {})
        said[cue.value] = max(cue.weight, said.get(cue.value, 0.0))
    return [[each, [*map(list, found[each].items())]] for each in VALUES if each in found]


def _expressions(cues: Iterable[Cue]) -> list[_Written]:
    same: dict[str, list[Cue]] = {}
    for cue in cues:
        same.setdefault(cue.text, []).append(cue)
    return [[text, list(needles(text)), _groups(each)] for text, each in same.items()]


def _split(texts: Sequence[str], sizes: Sequence[int], found: dict[str, list[int]]) -> None:
    """Note the lengths of sorted texts by their first letters, and by more where there are many."""
    for prefix, each in groupby(texts, key=lambda text: text[: sizes[0]]):
        same = list(each)
        found[prefix] = sorted({len(text) for text in same})
        if len(found[prefix]) > FEW and len(sizes) > 1:
            found[prefix] = [*(size for size in found[prefix] if size < sizes[1]), 0]
            _split([text for text in same if len(text) >= sizes[1]], sizes[1:], found)
