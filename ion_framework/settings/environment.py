"""The environment variables that ION reads, and those it does not know."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping

import attrs

from ion_framework.errors import SettingsError


@attrs.frozen
class Variable:
    """One variable of the core or the host.

    Attributes:
        name: its name.
        key: key path of the setting that it sets.
        meaning: what it means, one line.
    """

    name: str
    key: str
    meaning: str


VARIABLES = (
    Variable("ION_CONFIG", "", "settings file"),
    Variable("ION_HOST", "server.host", "address to bind"),
    Variable("PORT", "server.port", "port, as platforms set it; ION_PORT goes before it"),
    Variable("ION_PORT", "server.port", "port"),
    Variable("ION_PLUGINS_ENABLE", "plugins.enable", "run only these, separated by commas"),
    Variable("ION_PLUGINS_DISABLE", "plugins.disable", "do not run these, separated by commas"),
    Variable("ION_PLUGINS_REQUIRED", "plugins.required", "do not start without these"),
    Variable("ION_LOG_FORMAT", "log.format", "auto, json or console"),
    Variable("ION_LOG_LEVEL", "log.level", "debug, info, warning or error"),
    Variable("ION_DATA_DIR", "data_dir", "folder for databases and results"),
)

SHARED_NAMES = frozenset(
    {
        "ION_REDIS_URL",
        "ION_GEMINI_API_KEY",
        "ION_GEMINI_MODEL",
        "ION_GEMINI_BASE_URL",
        "ION_GEMINI_VERTEX_PROJECT",
        "ION_GEMINI_VERTEX_LOCATION",
        "ION_OPENAI_BASE_URL",
        "ION_OPENAI_API_KEY",
        "ION_OPENAI_MODEL",
        "ION_RATE_LIMIT",
    }
)
"""Names that are fixed for well-known plugins; setting one without its plugin is no mistake."""

_LISTS = ("plugins.required",)


def environment_table(environ: Mapping[str, str]) -> dict[str, dict[str, object] | object]:
    """The settings that the environment makes, as a nested table; empty variables count as unset.

    The lists of plugins to enable and disable are left out: they are a layer of their own.

    Raises:
        SettingsError: a variable's value cannot be read; names the variable.
    """
    table: dict[str, dict[str, object] | object] = {}
    for variable in VARIABLES:
        text = environ.get(variable.name, "").strip()
        if not text or not variable.key or variable.key in ("plugins.enable", "plugins.disable"):
            continue
        section, _, key = variable.key.rpartition(".")
        value = _value(variable, text)
        if section:
            part = table.setdefault(section, {})
            assert isinstance(part, dict)  # noqa: S101  sections and single keys never share a name
            part[key] = value
        else:
            table[key] = value
    return table


def _value(variable: Variable, text: str) -> object:
    if variable.key in _LISTS:
        return list(split_list(text))
    if variable.key == "server.port":
        if not text.isdecimal():
            raise SettingsError(f"{variable.name}: must be a port number, is {text!r}")
        return int(text)
    return text.lower() if variable.key.startswith("log.") else text


def split_list(text: str) -> tuple[str, ...]:
    """The items of a comma-separated list, without blanks."""
    return tuple(item.strip() for item in text.split(",") if item.strip())


def unknown_variables(environ: Mapping[str, str], of_plugins: Iterable[str]) -> tuple[str, ...]:
    """A warning for every ``ION_…`` variable that nobody reads.

    Args:
        environ: the environment.
        of_plugins: names that the manifests of installed plugins declare.
    """
    known = {variable.name for variable in VARIABLES} | SHARED_NAMES | set(of_plugins)
    known |= {f"{name}_FILE" for name in known}
    warnings = []
    for name in sorted(environ):
        if name.startswith("ION_") and name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            warnings.append(f"the variable {name} is not known and has no effect{hint}")
    return tuple(warnings)
