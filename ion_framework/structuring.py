"""Plain TOML values into frozen classes, with errors that name the file and the key path."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from enum import StrEnum
from functools import cache
from math import isfinite
from pathlib import Path
from typing import Any, TypeAlias, TypeVar, get_args, get_origin

import attrs
import cattrs
from cattrs.cols import is_mapping, mapping_structure_factory
from cattrs.gen import make_dict_structure_fn, override

from ion_framework.domain.language import Language
from ion_framework.domain.persona import Localized, LocalizedList
from ion_framework.errors import ManifestError, ProblemsError
from ion_framework.manifest.model import CommandSpec
from ion_framework.settings.model import NOT_IN_FILES

_Class = TypeVar("_Class")


def structure(
    table: Mapping[str, object],
    kind: type[_Class],
    path: str,
    file: str,
    error: type[ProblemsError] = ManifestError,
) -> _Class:
    """Make an instance of a frozen class of a TOML table.

    Args:
        table: the table.
        kind: the class.
        path: key path of the table in the file, empty for the whole file.
        file: name of the file, for errors.
        error: the class of error to raise.

    Raises:
        ProblemsError: (of the class asked for) keys are unknown or missing, or values are wrong;
            every one is named.
    """
    try:
        return _converter(explains=False).structure(table, kind)
    except Exception:  # noqa: BLE001  whatever it is, it is found again just below
        return _explained(table, kind, path, file, error)


def _explained(
    table: Mapping[str, object],
    kind: type[_Class],
    path: str,
    file: str,
    error: type[ProblemsError],
) -> _Class:
    """The same, by the converter that takes twice as long to make and can say what is wrong."""
    try:
        return _converter(explains=True).structure(table, kind)
    except cattrs.BaseValidationError as failure:
        raise error(*_problems(failure, path, file)) from None


def _problems(error: cattrs.BaseValidationError, path: str, file: str) -> list[str]:
    problems = []
    for text in cattrs.transform_error(error, path="$", format_exception=_sentence):
        sentence, _, where = text.rpartition(" @ ")
        dotted = _SUBSCRIPT.sub(r".\1", where.removeprefix("$")).removeprefix(".")
        field, sentence = _field_first(sentence or text)
        key = ".".join(filter(None, (path, dotted, field)))
        problems.append(f"{file}: {key or 'top level'}: {sentence}")
    return problems


_SUBSCRIPT = re.compile(r"\['([^']*)'\]")


def _field_first(sentence: str) -> tuple[str, str]:
    """The field that a validator of attrs speaks of, and the rest of its sentence."""
    found = _VALIDATOR.fullmatch(sentence)
    return (found[1], f"{found[2]}, is {found[3]}") if found else ("", sentence)


_VALIDATOR = re.compile(r"'(\w+)' (must be .*): (\S+)")


def _sentence(error: BaseException, _: type | None) -> str:
    if isinstance(error, KeyError):
        return f"the key {error.args[0]!r} is required"
    if isinstance(error, cattrs.ForbiddenExtraKeysError):
        known = ", ".join(sorted(field.name for field in _fields(error.cl)))
        unknown = ", ".join(sorted(error.extra_fields))
        meant = _meant(error.extra_fields, [field.name for field in _fields(error.cl)])
        return f"unknown key {unknown}; known are: {known}{meant}"
    return str(error)


def _meant(given: Iterable[str], known: Sequence[str]) -> str:
    """What may have been meant by names that are not known, empty where they are like nothing."""
    import difflib  # only a mistake needs it

    near = [name for each in sorted(given) for name in difflib.get_close_matches(each, known, n=1)]
    return f"; did you mean {' and '.join(near)}?" if near else ""


def _fields(kind: type) -> list[attrs.Attribute[Any]]:
    """The fields of a class that a file may set."""
    return [field for field in attrs.fields(kind) if NOT_IN_FILES not in field.metadata]


@cache
def _converter(*, explains: bool) -> cattrs.Converter:
    converter = cattrs.Converter(forbid_extra_keys=True, detailed_validation=explains)
    converter.register_structure_hook_factory(attrs.has, lambda kind: _class(converter, kind))
    converter.register_structure_hook_factory(
        is_mapping, lambda kind: _of_table(mapping_structure_factory(kind, converter))
    )
    for kind, check in _SCALARS.items():
        converter.register_structure_hook(kind, check)
    converter.register_structure_hook(StrEnum, _enum)
    converter.register_structure_hook_func(lambda kind: kind is object, lambda value, _: value)
    converter.register_structure_hook_func(
        lambda kind: kind == str | int | float | bool | tuple[str, ...] | None, _default
    )
    converter.register_structure_hook_func(lambda kind: kind == int | float | None, _bound)
    converter.register_structure_hook_factory(
        _is_list, lambda kind: lambda value, _: _list(converter, value, kind)
    )
    converter.register_structure_hook_func(
        lambda kind: kind == Localized, lambda value, _: _localized(converter, value)
    )
    converter.register_structure_hook_func(
        lambda kind: kind == LocalizedList, lambda value, _: _localized_list(converter, value)
    )
    command = _class(converter, CommandSpec)
    converter.register_structure_hook(
        CommandSpec,
        lambda value, kind: (
            CommandSpec(run=value) if isinstance(value, str) else command(value, kind)
        ),
    )
    return converter


_Hook: TypeAlias = Callable[[Any, Any], Any]


def _class(converter: cattrs.Converter, kind: type) -> _Hook:
    """How a class is made of a table; fields that are not for files are unknown keys."""
    hidden: dict[str, Any] = {
        field.name: override(omit=True)
        for field in attrs.fields(kind)
        if NOT_IN_FILES in field.metadata
    }
    return _of_table(make_dict_structure_fn(kind, converter, **hidden))


def _of_table(structure_table: _Hook) -> _Hook:
    """The same hook, with an error that is for people where the value is no table."""
    return lambda value, kind: structure_table(_table(value), kind)


def _expect(value: object, kinds: type | tuple[type, ...], words: str) -> Any:
    if isinstance(value, bool) and bool not in (kinds if isinstance(kinds, tuple) else (kinds,)):
        raise TypeError(f"must be {words}, is {value!r}")
    if not isinstance(value, kinds):
        raise TypeError(f"must be {words}, is {_shown(value)}")
    return value


def _shown(value: object) -> str:
    if isinstance(value, Decimal):
        return str(value)
    return repr(value) if len(repr(value)) <= _SHOWN else repr(value)[:_SHOWN] + "…"


_SHOWN = 60


def _string(value: object, _: object) -> str:
    text: str = _expect(value, str, "a string")
    return text


def _path(value: object, _: object) -> Path:
    return Path(_string(value, str)).expanduser()


def _integer(value: object, _: object) -> int:
    number: int = _expect(value, int, "an integer")
    return number


def _boolean(value: object, _: object) -> bool:
    flag: bool = _expect(value, bool, "true or false")
    return flag


def _number(value: object, _: object) -> float:
    number = float(_expect(value, (int, float, Decimal), "a number"))
    if not isfinite(number):
        raise ValueError(f"must be a finite number, is {value}")
    return number


def _share(value: object, _: object) -> Decimal:
    share = Decimal(_expect(value, (int, Decimal), "a number"))
    if share.is_nan() or not 0 <= share <= 1:
        raise ValueError(f"must be between 0 and 1, is {share}")
    return share


_SCALARS: dict[type, Callable[[object, object], object]] = {
    str: _string,
    Path: _path,
    int: _integer,
    bool: _boolean,
    float: _number,
    Decimal: _share,
}


def _enum(value: object, kind: Any) -> StrEnum:
    valid = ", ".join(member.value for member in kind)
    try:
        member: StrEnum = kind(_expect(value, str, f"one of {valid}"))
    except ValueError:
        meant = _meant([str(value)], [member.value for member in kind])
        raise ValueError(f"{value!r} is not valid; valid are: {valid}{meant}") from None
    return member


def _default(value: object, _: object) -> object:
    if isinstance(value, list):
        return tuple(_string(item, str) for item in value)
    if isinstance(value, Decimal):
        return _number(value, float)
    return _expect(value, (str, int, bool), "a string, number, boolean or list of strings")


def _bound(value: object, _: object) -> int | float:
    number: int | Decimal = _expect(value, (int, Decimal), "a number")
    return _number(number, float) if isinstance(number, Decimal) else number


def _is_list(kind: object) -> bool:
    arguments = get_args(kind)
    return get_origin(kind) is tuple and len(arguments) == _ELEMENT_AND_DOTS and arguments[1] is ...


_ELEMENT_AND_DOTS = 2


def _list(converter: cattrs.Converter, value: object, kind: Any) -> tuple[object, ...]:
    items = _expect(value, (list, tuple), "a list")
    element = get_args(kind)[0]
    return tuple(converter.structure(list(items), list[element]))  # type: ignore[valid-type]  # list[X] carries the index into errors


def _table(value: object) -> dict[str, object]:
    table: dict[str, object] = _expect(value, dict, "a table")
    return table


def _localized(converter: cattrs.Converter, value: object) -> object:
    if isinstance(value, str):
        return {Language.ENGLISH: value}
    return converter.structure(
        _expect(value, dict, "a string or a table of strings per language"), dict[Language, str]
    )


def _localized_list(converter: cattrs.Converter, value: object) -> object:
    if isinstance(value, list):
        return {Language.ENGLISH: converter.structure(value, tuple[str, ...])}
    return converter.structure(
        _expect(value, dict, "a list or a table of lists per language"),
        dict[Language, tuple[str, ...]],
    )
