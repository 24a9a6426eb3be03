r"""What must stand in a text for an expression to match at all.

To look for a few letters is ten times faster than to try an expression at every place, and most
expressions concern few messages. The needles of ``(?:spent|wasted) \d+ hours?`` are ``spent`` and
``wasted``: where neither stands, the expression need not be tried, nor even compiled.
"""

from __future__ import annotations

# The parser of `re` is not public, but the only one that reads an expression as `re` does. It is
# asked when a lexicon is compiled, not when a message is read.
from re import _constants as codes  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

MOST = 80
"""With more needles than this an expression is tried outright."""

_WRITTEN_OUT = 40

_Texts = frozenset[str]
_NOTHING: _Texts = frozenset({""})


def needles(expression: str) -> tuple[str, ...]:
    """Texts of which one stands wherever the expression matches; none where nothing is certain.

    Args:
        expression: a regular expression without flags.
    """
    parsed = parser.parse(expression)
    if parsed.state.flags & codes.SRE_FLAG_IGNORECASE:
        return ()
    return tuple(sorted(_required(list(parsed)) or ()))


def _required(nodes: list[tuple[Any, Any]]) -> _Texts | None:
    """The best needles of a sequence: long ones, and few."""
    candidates: list[_Texts] = []
    run = _NOTHING
    for node in nodes:
        exact = _exact(node)
        longer = None if exact is None else _joined(run, exact)
        if exact is None and (times := _repeated(node)) is not None:
            # ``하하+`` begins with what is certain; what follows it, nobody knows.
            candidates.append(_joined(run, times) or _NOTHING)
        if longer is None:
            candidates += [run, *_inside(node)]
            run = exact or _NOTHING
        else:
            run = longer
    shortest = (_shortest(each) for each in (*candidates, run) if "" not in each)
    usable = [each for each in shortest if len(each) <= MOST]
    return max(usable, key=lambda each: (min(map(len, each)), -len(each)), default=None)


def _shortest(texts: _Texts) -> _Texts:
    """The texts without those that hold another of them."""
    return frozenset(
        text for text in texts if not any(other in text for other in texts if other != text)
    )


def _inside(node: tuple[Any, Any]) -> list[_Texts]:
    """What a part requires that is not simply one of a few texts."""
    code, value = node
    found: _Texts | None = None
    if code is codes.SUBPATTERN and not value[1]:
        found = _required(list(value[3]))
    elif code is codes.ASSERT:
        found = _required(list(value[1]))
    elif code in _REPEATS and value[0] > 0:
        found = _required(list(value[2]))
    elif code is codes.BRANCH:
        branches = [_required(list(branch)) for branch in value[1]]
        if all(branches):
            found = frozenset[str]().union(*filter(None, branches))
    return [] if found is None else [found]


def _exact(node: tuple[Any, Any]) -> _Texts | None:
    """Everything that a part can match, where that is little; None where it is not."""
    code, value = node
    if code in _WIDTHLESS:
        return _NOTHING
    if code is codes.LITERAL:
        return frozenset({chr(value)})
    if code is codes.IN:
        return _members(value)
    if code is codes.SUBPATTERN and not value[1]:
        return _sequence(list(value[3]))
    return _choice(code, value)


def _repeated(node: tuple[Any, Any]) -> _Texts | None:
    """Everything that a repeated part can begin with, where that is little; None likewise."""
    code, value = node
    return _sequence(list(value[2]) * value[0]) if code in _REPEATS and value[0] else None


def _choice(code: Any, value: Any) -> _Texts | None:
    """Everything that an optional part or one of several branches can match, likewise."""
    if code in _REPEATS and value[:2] == (0, 1):
        branches = [_NOTHING, _sequence(list(value[2]))]
    elif code is codes.BRANCH:
        branches = [_sequence(list(branch)) for branch in value[1]]
    else:
        return None
    texts = frozenset[str]().union(*filter(None, branches))
    return None if None in branches or len(texts) > _WRITTEN_OUT else texts


def _sequence(nodes: list[tuple[Any, Any]]) -> _Texts | None:
    whole: _Texts | None = _NOTHING
    for node in nodes:
        exact = _exact(node)
        whole = None if whole is None or exact is None else _joined(whole, exact)
    return whole


def _joined(left: _Texts, right: _Texts) -> _Texts | None:
    if len(left) * len(right) > _WRITTEN_OUT:
        return None
    return frozenset(before + behind for before in left for behind in right)


def _members(items: list[tuple[Any, Any]]) -> _Texts | None:
    if len(items) > _WRITTEN_OUT or any(code is not codes.LITERAL for code, _ in items):
        return None
    return frozenset(chr(value) for _, value in items)


_REPEATS = (codes.MAX_REPEAT, codes.MIN_REPEAT, codes.POSSESSIVE_REPEAT)
_WIDTHLESS = (codes.AT, codes.ASSERT_NOT)
