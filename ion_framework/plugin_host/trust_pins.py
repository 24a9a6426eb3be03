"""The file of pins: exactly which plugins were installed when it was written.

::

    format = 1

    [core]
    distribution = "ion-framework"
    version = "1.4.0"
    files = "sha256:…"

    [[plugin]]
    name = "lua"
    distribution = "ion-persona-lua"
    version = "1.2.0"
    files = "sha256:…"
    manifest = "sha256:…"
"""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import attrs

from ion_framework.errors import SettingsError
from ion_framework.manifest.files import read_text
from ion_framework.structuring import structure

FORMAT = 1
"""The form of the file; another number is refused."""

HEAD = """\
# Written by ion plugins freeze. Compare with: ion plugins verify FILE
# Let nothing else run: plugins.trust = "pinned", plugins.pins = FILE
"""


@attrs.frozen
class CorePin:
    """The core's own distribution.

    Attributes:
        distribution: its name.
        version: its version.
        files: digest of its files, ``sha256:<hex>``; empty where it cannot be told.
        editable: whether it is a source tree that was installed in place.
    """

    distribution: str
    version: str
    files: str = ""
    editable: bool = False


@attrs.frozen
class Pin:
    """One plugin.

    Attributes:
        name: the plugin.
        distribution: its distribution.
        version: the distribution's version.
        files: digest of the distribution's files by its RECORD, ``sha256:<hex>``; of a source tree
            of the plugin's package; empty where nothing can be verified.
        manifest: digest of its manifest; empty where it has none.
        editable: whether it is a source tree that was installed in place.
    """

    name: str
    distribution: str
    version: str
    files: str = ""
    manifest: str = ""
    editable: bool = False


@attrs.frozen
class Pins:
    """The whole file.

    Attributes:
        format: the form of the file.
        core: the core; None where it ran from a folder and was not installed.
        plugin: the plugins, by name.
    """

    format: int
    core: CorePin | None = None
    plugin: tuple[Pin, ...] = ()


def read_pins(file: Path) -> Pins:
    """Read a file of pins.

    Raises:
        SettingsError: it is missing, or anything in it is wrong; says what and what to do.
    """
    how = f"write it with: ion plugins freeze --out {file}"
    try:
        table = tomllib.loads(read_text(file))
    except FileNotFoundError:
        raise SettingsError(f"{file}: there is no such list of pins; {how}") from None
    except (OSError, ValueError) as error:
        raise SettingsError(f"{file}: cannot be read as a list of pins: {error}; {how}") from None
    except RecursionError:
        raise SettingsError(f"{file}: is nested too deeply; {how}") from None
    found = table.get("format")
    if found != FORMAT or isinstance(found, bool):
        raise SettingsError(f"{file}: format: must be {FORMAT}, is {found!r}; {how}")
    return structure(table, Pins, "", str(file), SettingsError)


def pins_text(pins: Pins) -> str:
    """The file of pins, as TOML."""
    tables = [f"format = {pins.format}\n"]
    if pins.core:
        tables.append(_table("[core]", pins.core))
    tables += [_table("[[plugin]]", pin) for pin in pins.plugin]
    return HEAD + "\n" + "\n".join(tables)


def _table(heading: str, pin: CorePin | Pin) -> str:
    given = {name: value for name, value in attrs.asdict(pin).items() if value != ""}
    if not pin.editable:
        del given["editable"]
    return heading + "\n" + "".join(f"{key} = {_toml(value)}\n" for key, value in given.items())


def _toml(value: object) -> str:
    # A basic string of TOML is written as JSON's, but for the one control that JSON leaves alone.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
