r"""Filling templates: ``<<name>>`` is a value as it is, ``<<name:toml>>`` one written as TOML.

The marks are of another form than those of the languages that the templates are in: prompts use
``{{name}}``, workflows ``${{ name }}``, Python braces and dollars. What is put in is not looked at
again, so that nothing that a person wrote can become a mark.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

_MARK = re.compile(r"<<([a-z_]+)(?::([a-z]+))?>>")
_ESCAPED = re.compile('[\x00-\x1f\x7f"\\\\]')
_SHORT = {"\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r", '"': '\\"', "\\": "\\\\"}


def toml_string(text: str) -> str:
    """A text as a basic string of TOML, with its quotation marks; any text has one."""
    return f'"{_ESCAPED.sub(lambda found: _escape(found[0]), text)}"'


def _escape(character: str) -> str:
    return _SHORT.get(character, f"\\u{ord(character):04x}")


_FILTERS: Mapping[str, Callable[[str], str]] = {"toml": toml_string}


def render(template: str, values: Mapping[str, str]) -> str:
    """A template with its marks replaced, in a single pass.

    Args:
        template: the template.
        values: the values by name.

    Raises:
        KeyError: the template uses a name without a value, or a form that there is not.
    """

    def value(mark: re.Match[str]) -> str:
        text = values[mark[1]]
        return _FILTERS[mark[2]](text) if mark[2] else text

    return _MARK.sub(value, template)
