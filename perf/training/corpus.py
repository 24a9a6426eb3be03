"""The labelled messages that the model learns from."""

from __future__ import annotations

import hashlib
import random
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import attrs

from ion_framework import Intent, Tone

HERE = Path(__file__).resolve().parent
OWN = HERE.parent / "data" / "mentor" / "training"
"""Our own messages; every other file is given with ``--data``."""

PUBLIC_FILES = {"tone": "tone_train.tsv", "intent": "intent_train.tsv"}
LABELS = {"tone": tuple(map(str, Tone)), "intent": tuple(map(str, Intent))}

LARGEST_GROUP = 2500
"""Of one label of one source in one language so many messages are drawn: the largest groups
(neutral posts, statements in meetings) are ten times that and say no more."""


class CorpusError(ValueError):
    """A training file cannot be used; names the file, the line and what is valid."""


@attrs.frozen
class Message:
    """One labelled message.

    Attributes:
        text: what was written.
        language: ``"en"`` or ``"ko"``.
        label: a value of the component that is being learned.
        source: name of the data set.
        batch: of our own messages, which hand wrote them; empty for public ones.
    """

    text: str
    language: str
    label: str
    source: str
    batch: str = ""


@attrs.frozen
class SourceFacts:
    """Where a data set is from, for the record beside the weights.

    Attributes:
        name: as in the ``source`` column.
        origin: where it is from, with the version used.
        licence: SPDX expression.
        own: it was written for ION.
        mentor: its messages are written to a mentor.
    """

    name: str
    origin: str
    licence: str
    own: bool = False
    mentor: bool = False


def source_facts() -> dict[str, SourceFacts]:
    """Every data set that may be learned from, by name."""
    stated = tomllib.loads((HERE / "sources.toml").read_text(encoding="utf-8"))
    return {each["name"]: SourceFacts(**each) for each in stated["source"]}


def own_messages(component: str, folder: Path = OWN) -> list[Message]:
    """Our own training messages with their label for a component."""
    return [
        attrs.evolve(message, source=source, batch=path.stem)
        for path in own_files(folder)
        for source in (_own_source(path),)
        for message in _rows(path, component)
    ]


def own_files(folder: Path = OWN) -> list[Path]:
    """Our own training files, ``<language>-<source>-<hand>.tsv``."""
    return sorted(folder.glob("*.tsv"))


def public_messages(folder: Path, component: str, seed: int) -> list[Message]:
    """The public training messages, no group larger than `LARGEST_GROUP`."""
    known = source_facts()
    groups: dict[tuple[str, str, str], list[Message]] = defaultdict(list)
    path = folder / PUBLIC_FILES[component]
    for number, message in enumerate(_rows(path, component), start=2):
        if message.source not in known:
            raise CorpusError(
                f"{path}:{number}: source {message.source!r} is not in sources.toml, which names "
                f"{', '.join(known)}"
            )
        groups[message.language, message.source, message.label].append(message)
    return list(_drawn(groups.values(), random.Random(seed)))  # noqa: S311  no secret is drawn


def development_messages(folder: Path, component: str) -> list[Message]:
    """The public messages that are measured on, never learned from."""
    return list(_rows(folder / f"{component}_dev.tsv", component))


def digest(path: Path) -> str:
    """SHA-256 of a file, for the record."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _drawn(groups: Iterable[Sequence[Message]], draw: random.Random) -> Iterator[Message]:
    for group in groups:
        yield from group if len(group) <= LARGEST_GROUP else draw.sample(group, LARGEST_GROUP)


def _own_source(path: Path) -> str:
    """The source that the name of one of our own files states."""
    ours = [name for name, facts in source_facts().items() if facts.own]
    match path.stem.split("-"):
        case [_, name, _] if name in ours:
            return name
        case _:
            raise CorpusError(
                f"{path}: our own files are named <language>-<source>-<hand>.tsv, "
                f"source one of {', '.join(ours)}"
            )


def _rows(path: Path, component: str) -> Iterator[Message]:
    """The rows of a file: tab-separated, one header line, no quoting."""
    try:
        head, *lines = path.read_text(encoding="utf-8").rstrip("\n").split("\n")
    except UnicodeDecodeError as error:
        raise CorpusError(f"{path}: is not UTF-8: {error}") from error
    names = head.split("\t")
    missing = [name for name in ("text", "lang", component) if name not in names]
    if missing:
        raise CorpusError(f"{path}:1: there is no column {', '.join(missing)}")
    for number, line in enumerate(lines, start=2):
        row = dict(zip(names, line.split("\t"), strict=False))
        label = row.get(component, "")
        if len(line.split("\t")) != len(names) or label not in LABELS[component]:
            raise CorpusError(
                f"{path}:{number}: {len(names)} columns are expected, {component} one of "
                f"{', '.join(LABELS[component])}"
            )
        yield Message(row["text"], row["lang"], label, row.get("source", ""))
