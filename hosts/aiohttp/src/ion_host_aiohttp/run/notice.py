"""What ``ion serve`` prints when it is ready: the address, and a line to try it with."""

from __future__ import annotations

import json
from collections.abc import Mapping

from ion_framework.domain.language import Language
from ion_host_aiohttp.errors.messages import own_catalogue, say

_EXAMPLES = (
    "이거 진짜 답답해요! 왜 안 되는 거죠?",
    "This is so frustrating! Why does it keep failing?",
)


def start_notice(url: str, environ: Mapping[str, str], encoding: str) -> str:
    """The notice, in the language of the terminal.

    Args:
        url: where the host listens.
        environ: the environment; its locale variables name the language.
        encoding: what the terminal can show; without Hangul everything is in English.
    """
    korean = _can_show(_EXAMPLES[0], encoding)
    language = terminal_language(environ) if korean else Language.ENGLISH
    catalogue = own_catalogue()
    listening, attempt, stop = (
        catalogue.text(sentence, language)
        for sentence in (say("notice_listening", url=url), say("notice_try"), say("notice_stop"))
    )
    body = json.dumps({"message": _EXAMPLES[0 if korean else 1]}, ensure_ascii=False)
    command = f"curl -s {url}/chat -H 'Content-Type: application/json' -d '{body}'"
    return "\n".join((listening, attempt, f"  {command}", stop))


def terminal_language(environ: Mapping[str, str]) -> Language:
    """Korean where the locale says so, else English."""
    locale = next((environ[n] for n in ("LC_ALL", "LC_MESSAGES", "LANG") if environ.get(n)), "")
    return Language.KOREAN if locale.lower().startswith("ko") else Language.ENGLISH


def _can_show(text: str, encoding: str) -> bool:
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True
