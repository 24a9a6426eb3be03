"""Settings from the file, the environment and the command line, in that rising order."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import attrs

from ion_framework.errors import SettingsError
from ion_framework.settings.environment import environment_tables, split_list
from ion_framework.settings.model import SelectionLayer, Settings
from ion_framework.structuring import structure


@attrs.frozen
class CommandLine:
    """What the command line says; None and empty say nothing.

    Attributes:
        config: settings file.
        host: address to bind.
        port: port to bind.
        enable: plugins to run.
        disable: plugins not to run.
        safe_mode: run first-party plugins only.
        log_format: ``auto``, ``json`` or ``console``.
        log_level: lowest level to log.
        workers: processes that serve.
    """

    config: Path | None = None
    host: str | None = None
    port: int | None = None
    enable: tuple[str, ...] = ()
    disable: tuple[str, ...] = ()
    safe_mode: bool = False
    log_format: str | None = None
    log_level: str | None = None
    workers: int | None = None

    def table(self) -> dict[str, object]:
        """The settings that it makes, as a nested table."""
        sections: dict[str, dict[str, object]] = {
            "server": {"host": self.host, "port": self.port, "workers": self.workers},
            "plugins": {"safe_mode": self.safe_mode or None},
            "log": {"format": self.log_format, "level": self.log_level},
        }
        said = {
            name: {key: value for key, value in section.items() if value is not None}
            for name, section in sections.items()
        }
        return {name: section for name, section in said.items() if section}


def text_of(file: Path) -> str:
    """The text of a settings file."""
    return file.read_text("utf-8")


def load_settings(
    environ: Mapping[str, str],
    command_line: CommandLine | None = None,
    *,
    read: Callable[[Path], str] = text_of,
) -> Settings:
    """Read the settings.

    Args:
        environ: the environment.
        command_line: what the command line says.
        read: gives the text of the settings file; by default from the disk.

    Raises:
        SettingsError: a file is missing or a setting is wrong; names the file or variable, the
            key and what is valid.
    """
    command_line = command_line or CommandLine()
    config = command_line.config or _config_path(environ)
    file_table = _table(config, read) if config else {}
    plugin_tables = file_table.pop("plugin", {})
    settings = Settings()
    for source, table in (
        (str(config), file_table),
        *environment_tables(environ),
        ("command line", command_line.table()),
    ):
        if table:
            given = structure(table, Settings, "", source, SettingsError)
            settings = _merge(settings, table, given)
    layers = (
        _layer("ION_PLUGINS_ENABLE/ION_PLUGINS_DISABLE", environ),
        SelectionLayer("the command line", command_line.enable, command_line.disable),
    )
    return attrs.evolve(
        settings,
        plugins=attrs.evolve(settings.plugins, overrides=layers),
        plugin=_plugin_tables(plugin_tables, config),
        file=config,
    )


def _config_path(environ: Mapping[str, str]) -> Path | None:
    # Only a file that is named: one that happens to lie in the current folder could say which
    # plugins run.
    named = environ.get("ION_CONFIG", "").strip()
    return Path(named).expanduser() if named else None


def _table(file: Path, read: Callable[[Path], str]) -> dict[str, object]:
    try:
        return tomllib.loads(read(file), parse_float=Decimal)
    except FileNotFoundError:
        raise SettingsError(
            f"{file}: there is no such settings file; correct --config or ION_CONFIG"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{file}: cannot be read: {error}") from None
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{file}: is not valid TOML: {error}") from None
    except RecursionError:
        raise SettingsError(f"{file}: is nested too deeply") from None


def _merge(below: Any, table: Mapping[str, object], above: Any) -> Any:
    """A section with what a table says put over it, section by section.

    Args:
        below: the section so far.
        table: the keys that are said.
        above: the section that was made of the table alone.
    """
    merged: dict[str, Any] = {}
    for name, part in table.items():
        value = getattr(above, name)
        if attrs.has(type(value)) and isinstance(part, Mapping):
            value = _merge(getattr(below, name), part, value)
        merged[name] = value
    return attrs.evolve(below, **merged)


def _layer(source: str, environ: Mapping[str, str]) -> SelectionLayer:
    return SelectionLayer(
        source,
        split_list(environ.get("ION_PLUGINS_ENABLE", "")),
        split_list(environ.get("ION_PLUGINS_DISABLE", "")),
    )


def _plugin_tables(tables: object, file: Path | None) -> dict[str, Mapping[str, object]]:
    if not isinstance(tables, dict):
        raise SettingsError(f"{file}: plugin: must be tables, as [plugin.<name>]")
    for name, table in tables.items():
        if not isinstance(table, dict):
            raise SettingsError(f"{file}: plugin.{name}: must be a table, as [plugin.{name}]")
    return dict(tables)
