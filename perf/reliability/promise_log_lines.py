"""Whatever is logged, it is one line of valid JSON."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from random import Random

from ion_framework.settings.model import LogFormat, LogSettings
from perf.reliability.promise import Finding, Promise, Setting

NUMBER = 10_000
_BITS = (
    "\n", "\r\n", "\x1b[31m", "\x1b]0;title\x07", "\u2028", "\u2029", "\x85", "\ud800", "\udfff",
    "\x00", "\x7f", "\x9b", "\\", '"', "{", "}", "%s", "%(x)s", "{0}", "\u202e", "\ufeff", "한글",
    "😀", "a" * 5000, "\t", "', '", "</script>", '{"level": "error"}', "\ufffe", "\x0b\x0c",
)  # fmt: skip


class _Hostile:
    """A value whose own methods raise or lie."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        if len(self._text) % 2:
            raise RuntimeError(self._text)
        return self._text

    __str__ = __repr__


async def check(setting: Setting) -> Sequence[Finding]:
    """Log hostile strings in every position, to streams of two encodings."""
    from ion_host_aiohttp.run.logs import make_logger

    random, findings = setting.random("lines"), []
    number = setting.number(NUMBER, 200)
    for encoding in ("utf-8", "ascii"):
        raw = io.BytesIO()
        stream = io.TextIOWrapper(raw, encoding=encoding, newline="\n")
        logger = make_logger(stream, LogSettings(format=LogFormat.JSON))
        raised = sum(not _logs(logger, random) for _ in range(number))
        stream.flush()
        lines = raw.getvalue().decode(encoding).splitlines()
        invalid = sum(not _is_valid(line) for line in lines)
        findings += [
            Finding(f"{encoding}: lines of {number} events", f"{number}", f"{len(lines)}",
                    len(lines) == number),
            Finding(f"{encoding}: lines that are no JSON", "0", f"{invalid}", not invalid),
            Finding(f"{encoding}: calls that raised", "0", f"{raised}", not raised),
        ]  # fmt: skip
    return findings


def _logs(logger: object, random: Random) -> bool:
    text = "".join(random.choice(_BITS) for _ in range(random.randrange(1, 8)))
    value: object = random.choice(
        (text, _Hostile(text), {text: text}, [text], text.encode("utf-8", "replace"))
    )
    log = logger.info  # type: ignore[attr-defined]  # structlog's loggers make their methods at run time
    try:
        match random.randrange(3):
            case 0:
                log(text, field=value)
            case 1:
                log("event", **{text: value})
            case _:
                log("event", exc_info=ValueError(text), field=value)
    except Exception:  # noqa: BLE001  that none is raised is what is promised
        return False
    return True


def _is_valid(line: str) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:
        return False


PROMISE = Promise(
    number=24,
    title="10,000 hostile strings: one line of valid JSON each, and the logger never raises",
    check=check,
    seconds=5,
    fast=True,
)
