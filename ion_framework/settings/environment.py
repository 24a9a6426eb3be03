"""The environment variables that ION reads, and those it does not know."""

from __future__ import annotations

import re
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
    Variable("ION_WORKERS", "server.workers", "processes that serve, 0 for one a processor"),
    Variable("ION_REDIS_URL", "server.redis_url", "Redis for what processes share"),
    Variable("ION_TRUSTED_PROXIES", "server.trusted_proxies", "proxies to believe, by commas"),
    Variable("ION_TRUSTED_HOPS", "server.trusted_hops", "proxies that stand before the host"),
    Variable("ION_RATE_LIMIT", "rate.limit", "requests of a caller, as 30/minute, or off"),
    Variable("ION_TOKENS_PER_DAY", "rate.tokens_per_day", "tokens of a caller in a day"),
    Variable("ION_CORS_ORIGINS", "cors.origins", "web pages that may call, JSON or by commas"),
    Variable("ION_ALLOWED_HOSTS", "cors.hosts", "names of a host on loopback, by commas"),
    Variable("ION_AUTH_KEYS", "auth.keys", "auto, required or off"),
    Variable("ION_KEYS_FILE", "auth.keys_file", "database of API keys"),
    Variable("ION_PLUGINS_ENABLE", "plugins.enable", "run only these, separated by commas"),
    Variable("ION_PLUGINS_DISABLE", "plugins.disable", "do not run these, separated by commas"),
    Variable("ION_PLUGINS_REQUIRED", "plugins.required", "do not start without these"),
    Variable("ION_PLUGINS_TRUST", "plugins.trust", "any, or pinned: run only what is pinned"),
    Variable("ION_PLUGINS_PINS", "plugins.pins", "list that ion plugins freeze wrote"),
    Variable("ION_LOG_FORMAT", "log.format", "auto, json or console"),
    Variable("ION_LOG_LEVEL", "log.level", "debug, info, warning or error"),
    Variable("ION_DATA_DIR", "data_dir", "folder for databases and results"),
)

SHARED_NAMES = frozenset(
    {
        "ION_GEMINI_API_KEY",
        "ION_GEMINI_API_KEY_FILE",
        "ION_GEMINI_MODEL",
        "ION_GEMINI_BASE_URL",
        "ION_GEMINI_VERTEX_PROJECT",
        "ION_GEMINI_VERTEX_LOCATION",
        "ION_OPENAI_BASE_URL",
        "ION_OPENAI_API_KEY",
        "ION_OPENAI_API_KEY_FILE",
        "ION_OPENAI_MODEL",
    }
)
"""Names that are fixed for well-known plugins, whether or not one is installed that reads them."""

_ELSEWHERE = ("", "plugins.enable", "plugins.disable")
"""Keys that are read elsewhere: the file's name, and lists that are a layer of their own."""

_LISTS = ("plugins.required", "server.trusted_proxies", "cors.origins", "cors.hosts")
_NUMBERS = ("server.workers", "server.trusted_hops", "rate.tokens_per_day")
_LOWER = ("auth.keys", "rate.limit", "plugins.trust")


def environment_tables(
    environ: Mapping[str, str],
) -> tuple[tuple[str, Mapping[str, object]], ...]:
    """Every variable that sets something, with the nested table that it makes.

    Empty variables count as unset. Of two variables for one setting the later in `VARIABLES`
    goes first, and the other is not looked at.

    Raises:
        SettingsError: a variable's value cannot be read; names the variable.
    """
    chosen = {
        variable.key: variable
        for variable in VARIABLES
        if variable.key not in _ELSEWHERE and environ.get(variable.name, "").strip()
    }
    return tuple(
        (variable.name, _table(key, _value(variable, environ[variable.name].strip())))
        for key, variable in chosen.items()
    )


def _table(path: str, value: object) -> dict[str, object]:
    section, _, key = path.rpartition(".")
    return {section: {key: value}} if section else {key: value}


def _value(variable: Variable, text: str) -> object:
    if variable.key in _LISTS:
        return _list(variable, text)
    if variable.key == "server.port":
        if not _PORT.fullmatch(text):
            raise SettingsError(f"{variable.name}: must be a port, 0 to 65535, is {_shown(text)}")
        return int(text)
    if variable.key in _NUMBERS:
        if not _NUMBER.fullmatch(text):
            raise SettingsError(f"{variable.name}: must be a whole number, is {_shown(text)}")
        return int(text)
    return text.lower() if variable.key in _LOWER or variable.key.startswith("log.") else text


def _list(variable: Variable, text: str) -> list[object]:
    if not text.startswith("["):
        return list(split_list(text))
    import json  # only who writes JSON pays for it

    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, list):
        raise SettingsError(
            f"{variable.name}: must be a JSON list or items separated by commas, is {_shown(text)}"
        )
    return found


def _shown(text: str) -> str:
    return repr(text if len(text) <= _SHOWN else text[:_SHOWN] + "…")


_PORT = re.compile(r"[0-9]{1,5}")
_NUMBER = re.compile(r"[0-9]{1,12}")
_SHOWN = 60


def split_list(text: str) -> tuple[str, ...]:
    """The items of a comma-separated list, without blanks."""
    return tuple(item.strip() for item in text.split(",") if item.strip())


def unknown_variables(environ: Mapping[str, str], of_plugins: Iterable[str]) -> tuple[str, ...]:
    """A warning for every ``ION_…`` variable that nobody reads.

    Args:
        environ: the environment.
        of_plugins: names that are read for the settings of installed plugins.
    """
    read = {variable.name for variable in VARIABLES} | set(of_plugins)
    known = read | SHARED_NAMES
    warnings = []
    for name in sorted(environ):
        if name in SHARED_NAMES and name not in read:
            warnings.append(f"the variable {name} is set, but no installed plugin reads it")
        elif name.startswith("ION_") and name not in known:
            import difflib  # only a mistake needs it

            near = difflib.get_close_matches(name, known, n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            warnings.append(f"the variable {name} is not known and has no effect{hint}")
    return tuple(warnings)
