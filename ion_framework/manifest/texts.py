"""Files with sentences for people, which a manifest names: read and checked without an import.

::

    [weather.forecast]                # a sentence of the plugin weather, which it says itself
    en = "It will be {degrees} degrees in {place}."
    ko = "{place}의 기온은 {degrees}도입니다."

    [too_long]                        # one of the host's, in one more language
    ja = "長すぎます。{max_length}文字以内にしてください。"
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path

from ion_framework.domain.sentences import ORIGINAL, Sentences, gaps_of, is_language, shown_gaps
from ion_framework.errors import ManifestError
from ion_framework.manifest.files import package_text, unreadable

_NAME = re.compile(r"([a-z][a-z0-9-]*\.)?[a-z][a-z0-9_]*")


def read_texts(folder: Path, file: str, plugin: str) -> tuple[Sentences, tuple[str, ...]]:
    """The sentences of one file.

    Args:
        folder: the package's folder.
        file: path of the file inside it.
        plugin: name of the plugin, under which sentences of its own stand; empty for a host, whose
            sentences stand under no name.

    Returns:
        the sentences, and what is wrong, one sentence each.
    """
    place = f"{folder / file}"
    try:
        table = tomllib.loads(package_text(folder.resolve(), file))
    except tomllib.TOMLDecodeError as error:
        return {}, (f"{place}: is not valid TOML: {error}",)
    except FileNotFoundError:
        missing = "there is no such file; put it into the package, or correct texts in its manifest"
        return {}, (f"{place}: {missing}",)
    except (OSError, ValueError) as error:
        return {}, (f"{place}: {unreadable(error, file)}",)
    found, problems = {}, []
    for name, texts in _sentences(table):
        wrong = _problems(name, texts, name.startswith(f"{plugin}.") if plugin else True)
        problems += [f"{place}: {problem}" for problem in wrong]
        if not wrong and isinstance(texts, Mapping):
            found[name] = dict(texts)
    return found, tuple(problems)


def read_host_texts(folder: Path, name: str) -> Sentences:
    """The sentences of a host, which stand in all TOML files of one folder.

    Args:
        folder: the package's folder.
        name: the folder with the files inside it.

    Raises:
        ManifestError: anything in them is wrong, or two have a sentence of the same name.
    """
    found: dict[str, Mapping[str, str]] = {}
    problems: list[str] = []
    for file in sorted((folder / name).glob("*.toml")):
        sentences, wrong = read_texts(folder, f"{name}/{file.name}", "")
        problems += wrong
        problems += [
            f"{file}: {sentence}: stands in another file, too"
            for sentence in sentences
            if sentence in found
        ]
        found.update(sentences)
    if problems:
        raise ManifestError(*problems)
    return found


def _sentences(table: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    """Every sentence by its whole name; a table in a table is one of a plugin."""
    for name, entry in table.items():
        if not isinstance(entry, dict):
            yield name, entry
            continue
        inner = {key: item for key, item in entry.items() if isinstance(item, dict)}
        texts = {key: item for key, item in entry.items() if key not in inner}
        if texts or not inner:
            yield name, texts
        for key, item in inner.items():
            yield f"{name}.{key}", item


def _problems(name: str, texts: object, is_own: bool) -> list[str]:
    if not _NAME.fullmatch(name):
        return [
            f"{name}: is no name of a sentence; use small letters, digits and _, a letter first"
        ]
    if not isinstance(texts, Mapping) or not texts:
        return [f'{name}: must be a table with a text for each language, as en = "…"']
    problems = [
        f"{name}.{tag}: {problem}"
        for tag, text in texts.items()
        if (problem := _text_problem(tag, text))
    ]
    if problems or not is_own:
        return problems
    if ORIGINAL not in texts:
        return [f"{name}: the key {ORIGINAL!r} is required; other languages fall back to it"]
    wanted = gaps_of(texts[ORIGINAL])
    return [
        f"{name}.{tag}: its gaps are {shown_gaps(gaps_of(text))}; those of {ORIGINAL} are "
        f"{shown_gaps(wanted)}: use the same"
        for tag, text in texts.items()
        if gaps_of(text) != wanted
    ]


def _text_problem(tag: str, text: object) -> str:
    if not is_language(tag):
        return "is no language; write its primary tag, two or three small letters, as ko or ja"
    if not isinstance(text, str):
        return f"must be a string, is {text!r}"
    if not text.strip():
        return "is empty"
    try:
        gaps_of(text)
    except ValueError as error:
        return f"{error}; a gap is written {{name}}, a brace {{{{ or }}}}"
    return ""
