"""The order in which plugins are asked: explicit lists, then ``before``/``after``, then names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import attrs

from ion_framework.errors import PluginOrderError

NAME_THE_FILE = "and pass --config ion.toml or set ION_CONFIG=ion.toml, "
"""What to do besides, where no settings file is in use: none is read unless it is named."""


@attrs.frozen
class Place:
    """What the order of one plugin depends on.

    Attributes:
        name: the plugin.
        before: plugins that it goes before.
        after: plugins that it goes after.
        fallback: it goes after all that are no fallback.
    """

    name: str
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    fallback: bool = False


def arrange(places: Iterable[Place], explicit: Sequence[str] = ()) -> tuple[str, ...]:
    """Put plugins in order.

    Those that ``explicit`` lists come first, as listed. The rest follows ``before`` and ``after``,
    equals by name, fallbacks last. A name that is not among the plugins counts as satisfied.

    Raises:
        PluginOrderError: ``before`` and ``after`` form a cycle; names it.
    """
    known = {place.name: place for place in places}
    listed = [name for name in dict.fromkeys(explicit) if name in known]
    rest = [place for name, place in known.items() if name not in listed]
    ordinary = _topological([place for place in rest if not place.fallback])
    fallbacks = _topological([place for place in rest if place.fallback])
    return (*listed, *ordinary, *fallbacks)


def _topological(places: list[Place]) -> list[str]:
    names = {place.name for place in places}
    earlier: dict[str, set[str]] = {name: set() for name in names}
    for place in places:
        earlier[place.name] |= {name for name in place.after if name in names}
        for name in place.before:
            if name in names:
                earlier[name].add(place.name)
    order: list[str] = []
    while earlier:
        free = sorted(name for name, waits in earlier.items() if not waits)
        if not free:
            raise PluginOrderError(
                f"before/after form a cycle: {' -> '.join(_cycle(earlier))}; remove one of these "
                "entries from a manifest, or disable one of the plugins"
            )
        order.append(free[0])
        del earlier[free[0]]
        for waits in earlier.values():
            waits.discard(free[0])
    return order


def _cycle(earlier: Mapping[str, set[str]]) -> list[str]:
    path = [min(earlier)]
    while True:
        before = min(earlier[path[-1]])
        if before in path:
            loop = [*path[path.index(before) :], before]
            return list(reversed(loop))
        path.append(before)


def refuse_ambiguity(
    hook: str, places: Iterable[Place], explicit: Sequence[str], file: Path | None = None
) -> None:
    """Stop where two equals could each be the first to decide.

    Args:
        hook: name of the hook, for the error.
        places: the plugins that implement it.
        explicit: the list ``order.<hook>`` of the settings.
        file: the settings file in use, None where there is none.

    Raises:
        PluginOrderError: more than one plugin is neither a fallback nor on the list; says what
            to write.
    """
    open_places = sorted(p.name for p in places if not p.fallback and p.name not in explicit)
    if len(open_places) > 1:
        wanted = ", ".join(f'"{name}"' for name in (*explicit, *open_places))
        raise PluginOrderError(
            f"{' and '.join(open_places)} both decide {hook}, and nothing says which goes first; "
            f"write in {file or 'ion.toml'}, in the order that you want:\n"
            f"[order]\n{hook} = [{wanted}]\n"
            f"{'' if file else NAME_THE_FILE}or leave one of them out with --disable NAME"
        )
