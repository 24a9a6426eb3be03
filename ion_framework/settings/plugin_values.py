"""The settings of one plugin, by the schema of its manifest: defaults, file, environment."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from math import isfinite
from pathlib import Path

import attrs

from ion_framework.manifest.model import SettingSpec, SettingType
from ion_framework.settings.environment import split_list


@attrs.frozen
class PluginValues:
    """The outcome for one plugin.

    Attributes:
        values: every setting of the schema; None where nothing sets it.
        problems: what is wrong, one sentence each, naming the key or variable. Values of secrets
            are never part of it.
    """

    values: Mapping[str, object] = attrs.field(repr=False)
    problems: tuple[str, ...] = ()


def resolve(
    plugin: str,
    schema: Mapping[str, SettingSpec],
    given: Mapping[str, object],
    environ: Mapping[str, str],
    file: Path | None = None,
) -> PluginValues:
    """Settle the settings of a plugin.

    Args:
        plugin: name of the plugin.
        schema: the settings that its manifest describes.
        given: its table ``[plugin.<name>]`` in the settings file.
        environ: the environment; the first of a setting's variables that is set wins. A secret
            may also be named by ``<VARIABLE>_FILE`` or, in the file, by ``{ file = "…" }``.
        file: the settings file, for errors.
    """
    table = f"{file}: plugin.{plugin}" if file else f"plugin.{plugin}"
    values: dict[str, object] = {}
    problems = [
        f"{table}.{key}: unknown key{_hint(key, schema)}" for key in given if key not in schema
    ]
    for key, spec in schema.items():
        where, raw = _raw(f"{table}.{key}", spec, given.get(key, spec.default), environ)
        try:
            values[key] = _checked(spec, raw)
        except (ValueError, OSError) as error:
            problems.append(f"{where}: {error}")
            values[key] = None
    return PluginValues(values, tuple(problems))


def default_problem(spec: SettingSpec) -> str:
    """What is wrong with the default that a manifest gives, empty where nothing is."""
    try:
        _checked(spec, spec.default)
    except ValueError as error:
        return str(error)
    return ""


def variables_of(spec: SettingSpec) -> tuple[str, ...]:
    """Every variable that is read for a setting."""
    files = (f"{name}_FILE" for name in spec.env if spec.type is SettingType.SECRET)
    return (*spec.env, *files)


def _hint(key: str, schema: Mapping[str, SettingSpec]) -> str:
    if not schema:
        return "; this plugin has no settings"
    import difflib  # only a mistake needs it

    near = difflib.get_close_matches(key, schema, n=1)
    return f"; did you mean {near[0]}?" if near else f"; known are: {', '.join(schema)}"


@attrs.frozen
class _Text:
    """A value that came as text and still has to be read by its type."""

    text: str = attrs.field(repr=False)


@attrs.frozen
class _File:
    """The name of a file that holds a secret."""

    path: Path


def _raw(
    place: str, spec: SettingSpec, value: object, environ: Mapping[str, str]
) -> tuple[str, object]:
    """Where a value comes from, and the value: of a variable, else the one given."""
    for name in spec.env:
        if environ.get(name, "").strip():
            return name, _Text(environ[name].strip())
        if spec.type is SettingType.SECRET and environ.get(f"{name}_FILE", "").strip():
            return f"{name}_FILE", _File(Path(environ[f"{name}_FILE"].strip()))
    if spec.type is SettingType.SECRET and isinstance(value, dict) and set(value) == {"file"}:
        value = _File(Path(str(value["file"])))
    return place, value


def _checked(spec: SettingSpec, raw: object) -> object:
    if raw is None:
        return None
    value = _READ[spec.type](raw)
    if spec.choices and value not in spec.choices:
        raise ValueError(f"must be one of {', '.join(spec.choices)}")
    if isinstance(value, int | float) and not isinstance(value, bool):
        if spec.minimum is not None and value < spec.minimum:
            raise ValueError(f"must be at least {spec.minimum}, is {value}")
        if spec.maximum is not None and value > spec.maximum:
            raise ValueError(f"must be at most {spec.maximum}, is {value}")
    return value


def _string(raw: object) -> str:
    if isinstance(raw, _Text):
        return raw.text
    if not isinstance(raw, str):
        raise ValueError("must be a string")  # noqa: TRY004  every problem with a setting is a ValueError here
    return raw


def _secret(raw: object) -> str:
    if isinstance(raw, _File):
        return _secret_file(raw.path)
    return _string(raw)


def _secret_file(path: Path) -> str:
    try:
        return path.expanduser().read_text("utf-8").strip()
    except RuntimeError:  # what pathlib raises for a ~ that it cannot resolve
        raise ValueError(f"{path} begins with a home folder that does not exist") from None
    except UnicodeDecodeError:  # its own text shows a byte of the secret
        raise ValueError(f"{path} is not UTF-8 text") from None


def _integer(raw: object) -> int:
    if isinstance(raw, _Text):
        try:
            return int(raw.text)
        except ValueError:
            raise ValueError("must be an integer") from None
    if isinstance(raw, bool) or not isinstance(raw, int):
        raise ValueError("must be an integer")  # noqa: TRY004  as in _string
    return raw


def _number(raw: object) -> float:
    if isinstance(raw, bool) or not isinstance(raw, int | float | Decimal | _Text):
        raise ValueError("must be a number")  # noqa: TRY004  as in _string
    try:
        number = float(raw.text if isinstance(raw, _Text) else raw)
    except (ValueError, OverflowError):
        raise ValueError("must be a number") from None
    if not isfinite(number):
        raise ValueError("must be a finite number")
    return number


_TRUTH = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}


def _boolean(raw: object) -> bool:
    if isinstance(raw, _Text) and raw.text.lower() in _TRUTH:
        return _TRUTH[raw.text.lower()]
    if not isinstance(raw, bool):
        raise ValueError("must be true or false")  # noqa: TRY004  as in _string
    return raw


def _list(raw: object) -> tuple[str, ...]:
    if isinstance(raw, _Text):
        return split_list(raw.text)
    if not isinstance(raw, list | tuple) or not all(isinstance(item, str) for item in raw):
        raise ValueError("must be a list of strings")
    return tuple(raw)


_READ = {
    SettingType.STRING: _string,
    SettingType.SECRET: _secret,
    SettingType.INTEGER: _integer,
    SettingType.NUMBER: _number,
    SettingType.BOOLEAN: _boolean,
    SettingType.LIST: _list,
}
