"""Texts in a README: what people wrote, and tables of settings."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from typing import Any

from ion_framework.scaffolding.rendering import toml_string

_MEANS_SOMETHING = re.compile(r"([\\`*_\[\]<>|#])")


def plain(text: str) -> str:
    """A line of text that Markdown shows as it is."""
    return _MEANS_SOMETHING.sub(r"\\\1", text)


def settings_tables(manifest: str, name: str) -> dict[str, str]:
    """The paragraphs of a README about settings, in both languages; empty without settings.

    Args:
        manifest: the TOML that describes the settings.
        name: name of the plugin.
    """
    settings = tomllib.loads(manifest).get("settings", {})
    if not settings:
        return {"settings_en": "", "settings_ko": ""}
    first, spec = next(iter(settings.items()))
    table = _table(settings, name)
    example = f"```toml\n[plugin.{name}]\n{first} = {_shown(spec['default'])}\n```"
    return {
        "settings_en": f"\n## Settings\n\nIn `ion.toml`:\n\n{example}\n\n{table}\n",
        "settings_ko": (
            f"\n설정은 `ion.toml`의 `[plugin.{name}]`에 적으며, 뜻과 기본값은 위의 표에 있습니다.\n"
        ),
    }


def _table(settings: Mapping[str, Mapping[str, Any]], name: str) -> str:
    rows = [f"| key in `[plugin.{name}]` | meaning | default |", "|---|---|---|"]
    rows += [
        f"| `{key}` | {plain(spec['description'])} | `{_shown(spec['default'])}` |"
        for key, spec in settings.items()
    ]
    return "\n".join(rows)


def _shown(value: object) -> str:
    """A value as TOML writes it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return f"[{', '.join(map(_shown, value))}]"
    return toml_string(value) if isinstance(value, str) else str(value)
