"""Reading labelled messages from TSV: a header, one message a line, no quoting."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import TypeVar

import attrs

from ion_framework.domain.frozen import frozen
from ion_framework.domain.key import Intent, Tone, parse_intent, parse_tone
from ion_framework.domain.language import Language
from ion_framework.errors import ResonanceKeyError

LABELS = ("tone", "intent")
"""The columns of which a file has at least one."""
PERSONA = "persona"
"""The column of who should have answered; a line that has it needs no other label."""

SHOWN_CHARS = 60
"""Characters of a wrong value that an error shows."""

_BOM = b"\xef\xbb\xbf"
_Label = TypeVar("_Label", Tone, Intent, Language)


class InputError(Exception):
    """What somebody gave cannot be used; says what is wrong, where, and what is valid."""


@attrs.frozen
class Row:
    """One labelled message.

    Attributes:
        text: the message, not blank.
        lang: its language, as labelled.
        tone: its labelled tone, None where the file has no such column, or the line has only a
            persona.
        intent: its labelled intent, likewise.
        columns: every cell of the line by the name of its column.
        file: the file, as it was given.
        line: the line in it, the header being line 1.
    """

    text: str
    lang: Language
    tone: Tone | None
    intent: Intent | None
    columns: Mapping[str, str] = attrs.field(converter=frozen)
    file: str = ""
    line: int = 0

    @property
    def source(self) -> str | None:
        """Where the message is from, None where the file does not say."""
        return self.columns.get("source")

    @property
    def persona(self) -> str | None:
        """Unique name of the persona that should have answered, None where nobody said so."""
        return self.columns.get(PERSONA, "").strip() or None

    @property
    def digest(self) -> str:
        """16 hexadecimal digits that stand for the message, so that no report holds its text."""
        return sha256(f"{self.lang.value}\0{self.text}".encode()).hexdigest()[:16]


def read_rows(file: Path) -> tuple[Row, ...]:
    """Read a file.

    A byte order mark and Windows line ends are accepted. A quotation mark is a character like
    any other.

    Raises:
        InputError: something in it is wrong; names file, line, column, value and what is valid.
    """
    lines = _decoded(file).split("\n")
    if lines[-1] == "":
        lines.pop()
    if not lines:
        raise InputError(f"{file}: the file is empty; {_HEADER_RULE}")
    names = _header(lines[0], file)
    rows = tuple(_row(line, names, file, number) for number, line in enumerate(lines[1:], start=2))
    if not rows:
        raise InputError(f"{file}: there is only a header; give one labelled message a line")
    return rows


def identities(rows: tuple[Row, ...]) -> tuple[str, ...]:
    """A name for each row that is the same in every run; the second of two equal ones ends in #2.

    Args:
        rows: the rows, in order.
    """
    seen: Counter[str] = Counter()
    names = []
    for row in rows:
        seen[row.digest] += 1
        count = seen[row.digest]
        names.append(row.digest if count == 1 else f"{row.digest}#{count}")
    return tuple(names)


_HEADER_RULE = "the first line names tab-separated columns: text, lang, and tone or intent or both"


def _decoded(file: Path) -> str:
    try:
        raw = file.read_bytes().removeprefix(_BOM)
    except OSError as error:
        raise InputError(f"{file}: cannot be read: {error.strerror}") from error
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        column = error.start - (raw.rfind(b"\n", 0, error.start) + 1) + 1
        value = f"byte 0x{raw[error.start]:02x}"
        raise InputError(
            f"{file}:{line}: {value} (number {column} of the line) is not UTF-8; "
            "save the file as UTF-8"
        ) from error
    return text.replace("\r\n", "\n")


def _header(line: str, file: Path) -> tuple[str, ...]:
    names = tuple(name.strip() for name in line.split("\t"))
    place = f"{file}:1"
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise InputError(f"{place}: column {twice[0]!r} is there twice; {_HEADER_RULE}")
    missing = [name for name in ("text", "lang") if name not in names]
    if not set(LABELS) & set(names):
        missing.append("tone or intent")
    if missing:
        wanted = ", ".join(missing)
        raise InputError(
            f"{place}: column missing: {wanted}; there are: {_shown(', '.join(names))}; "
            f"{_HEADER_RULE}"
        )
    return names


def _row(line: str, names: tuple[str, ...], file: Path, number: int) -> Row:
    cells = line.split("\t")
    place = f"{file}:{number}"
    if len(cells) != len(names):
        raise InputError(
            f"{place}: {len(cells)} columns instead of {len(names)} ({', '.join(names)}): "
            f"{_shown(line)}; separate them by one tab each, and keep tabs out of the text"
        )
    columns = dict(zip(names, cells, strict=True))
    if not columns["text"].strip():
        raise InputError(f"{place}: column text: {columns['text']!r} is blank; give a message")
    can_lack = bool(columns.get(PERSONA, "").strip())

    def has(column: str) -> bool:
        return column in columns and not (can_lack and not columns[column].strip())

    return Row(
        text=columns["text"],
        lang=_label("lang", columns["lang"], _language, place),
        tone=_label("tone", columns["tone"], parse_tone, place) if has("tone") else None,
        intent=_label("intent", columns["intent"], parse_intent, place) if has("intent") else None,
        columns=columns,
        file=str(file),
        line=number,
    )


def _language(text: str) -> Language:
    try:
        return Language(text.strip().lower())
    except ValueError:
        raise ResonanceKeyError("lang", text, tuple(_values(Language))) from None


def _values(kind: type[Language]) -> Iterator[str]:
    return (member.value for member in kind)


def _label(column: str, value: str, parse: Callable[[str], _Label], place: str) -> _Label:
    try:
        return parse(value)
    except ResonanceKeyError as error:
        valid = ", ".join(error.valid)
        raise InputError(
            f"{place}: column {column}: {_shown(value)} is not valid; valid are: {valid}"
        ) from error


def _shown(value: str) -> str:
    return repr(value if len(value) <= SHOWN_CHARS else value[: SHOWN_CHARS - 1] + "…")
