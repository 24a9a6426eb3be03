"""Secrets that a text calls by their name: ``password: …``, ``비밀번호는 …``, ``token=…``.

A name alone decides nothing: people also write of passwords and tokens. What follows it has to
look like one, the less the clearer the text says that a value follows. A passphrase of plain words
is taken after ``password:`` only, a value in Hangul only in quotes or with digits at its end.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_STRONG = (
    r"passw(?:or)?d|passphrase|passcode|pass[ _-]word|pwd|pw"
    r"|비밀\s?번호|비번|패스워드|패스프레이즈|암호"
)
_WEAK = (
    r"(?:api|access|secret|private|signing|encryption|master)[ _-]?key"
    r"|(?:access|refresh|auth|id|session|client|bearer|api)[ _-]?(?:token|secret)"
    r"|secret|token|credentials?|시크릿|토큰|(?:비밀|개인|액세스|접근|API|인증)\s?키"
)
_NAMED = re.compile(
    rf"(?i)(?<![A-Za-z0-9])(?:(?P<strong>{_STRONG})|(?P<weak>{_WEAK}))(?![A-Za-z0-9])[\"'`\]]?"
    r"(?:(?P<sign>\s{0,3}(?:=>|:=|->|→|[:=])\s{0,3})"
    r"|(?P<says>\s{1,3}(?:is|was)\s{1,3}|\s?(?:은|는|이|가)[ :=]{0,3})"
    r"|(?P<beside>\s{1,3}))(?=\S)"
)
_QUOTES = {'"': '"', "'": "'", "`": "`", "“": "”", "‘": "’", "「": "」"}
_LONGEST = 200
_WORD = re.compile(r"[^\s\"'`,;<>“”‘’「」]{1,200}")
_ASCII_WORD = re.compile(r"(?:(?![\"'`,;<>])[!-~]){1,200}")
_PHRASE = re.compile(r"[A-Za-z]{1,40}(?:[ -][A-Za-z]{1,40}){0,9}")
_CALL = re.compile(r"[A-Za-z_$][\w.$]{0,80}(?:\(|\[)[^\n]*[)\]][\w.]{0,80}")
_PLACEHOLDER = re.compile(r"[$<{%/]|[*•.x_-]+$")
_SYMBOL_INSIDE = re.compile(r"[A-Za-z0-9][@#$%^&*!~+?][A-Za-z0-9]")
_HANGUL_CHOSEN = re.compile(
    r"[가-힣]{2,20}\d{2,12}(?!\d|\s?(?:자|글자|개|번|회|년|월|일|명|건|원|시|분|초|버전|이상|이하)"
    r"|에서|에는|에선|부터|까지)"
)
_MIXED = re.compile(r"[A-Za-z]\d")
_COUNTED = re.compile(r"\s?(?:자리|자|글자|개|번째|번|회|년|월|일|명|건|원|만|시|분|초|characters)")
_TECHNICAL = re.compile(
    r"(?i)(?:sha|md|base|utf|argon|bcrypt|pbkdf|oauth|http|python|aes|rsa|tls|ipv|web|x)-?\d{1,4}"
    r"(?:-\d{1,4})?"
)


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_CONSTANTS = _words(
    "none null nil true false undefined self this input env string str bytes int optional any "
    "password secret token key value"
)
_PROSE = _words(
    "must should shall can could may might will would is are was has have had needs need requires "
    "required not no never always and or for of in on at to from with without the a an at how why "
    "what when where which who if please required wrong invalid incorrect expired forgotten lost "
    "reset change changed changing manager policy strength field minimum maximum least long short "
    "sent stored hashed encrypted"
)
_SHORTEST, _SHORTEST_WORD, _SHORTEST_SAID, _SHORTEST_ALONE = 4, 3, 8, 10
_CASES = 4
_DIGIT, _LETTER = re.compile(r"\d"), re.compile(r"[^\W\d_]")
_ALNUM = re.compile(r"[^\W_]")
_CASE = re.compile(r"[a-z](?=[A-Z])|[A-Z](?=[a-z])")


def credentials(text: str) -> Iterator[tuple[int, int]]:
    """Where values stand that a name before them calls secrets."""
    done = 0
    for match in _NAMED.finditer(text):
        if match.start() < done:
            continue
        found = _value(text, match)
        if found is not None:
            done = found[1]
            yield found


def is_opaque(text: str) -> bool:
    """Whether a word looks drawn by lot, and not chosen: digits, or capitals, among letters."""
    if not _LETTER.search(text):
        return False
    return len(_DIGIT.findall(text)) > 1 or len(_CASE.findall(text)) >= _CASES


def _value(text: str, match: re.Match[str]) -> tuple[int, int] | None:
    start, sign = match.end(), match["sign"]
    closing = _QUOTES.get(text[start])
    if closing:
        end = text.find(closing, start + 1, start + 1 + _LONGEST)
        if end > start + 1:
            quoted = text[start + 1 : end]
            fits = "\n" not in quoted and not _is_written(quoted)
            sure = sign and (match["strong"] or " " not in quoted)
            return (start + 1, end) if fits and (sure or looks_secret(quoted)) else None
        start += 1
    return _signed(text, start, match) if sign else _unsigned(text, start, match)


def _signed(text: str, start: int, match: re.Match[str]) -> tuple[int, int] | None:
    """The value after a colon or an equals sign."""
    word = _WORD.match(text, start)
    if word is None or _is_written(word.group()):
        return None
    value, sign = word.group(), match["sign"]
    if looks_secret(value):
        return word.span()
    phrase = _PHRASE.match(text, start)
    if phrase is None:
        return None
    if match["strong"]:
        first = re.split(r"[ -]", phrase.group(), maxsplit=1)[0].lower()
        if first in _PROSE or len(value) < _SHORTEST_WORD:
            return None
        return word.span() if "=" in sign else (start, max(word.end(), phrase.end()))
    close = "=" in sign and not sign.strip(":=")
    named = any(character in "_-" for character in match["weak"])
    return word.span() if (close or named) and len(value) >= _SHORTEST else None


def _unsigned(text: str, start: int, match: re.Match[str]) -> tuple[int, int] | None:
    """The value after ``is``, a particle or nothing: it has to look like one by itself."""
    word = _ASCII_WORD.match(text, start)
    if word is None:
        chosen = _HANGUL_CHOSEN.match(text, start) if match["strong"] else None
        return chosen.span() if chosen else None
    if _is_written(word.group()) or not looks_secret(word.group()):
        return None
    value = word.group()
    if match["weak"]:
        said = match["says"] and len(value) >= _SHORTEST_SAID and _MIXED.search(value)
        drawn = len(value) >= _SHORTEST_ALONE and is_opaque(value)
        return word.span() if said or drawn else None
    if value.strip(".!?)").isdecimal():
        name = match["strong"]
        said = match["says"] or not name.isascii()
        return word.span() if said and not _COUNTED.match(text, word.end()) else None
    return word.span()


def looks_secret(word: str) -> bool:
    """Whether a word looks like something that somebody chose to be hard to guess."""
    core = word.strip(".!?)(]:")
    if len(core) < _SHORTEST or _TECHNICAL.fullmatch(core):
        return False
    if core.isdecimal() or (_DIGIT.search(core) and _LETTER.search(core)):
        return True
    return bool(_SYMBOL_INSIDE.search(core)) or is_opaque(core)


def _is_written(value: str) -> bool:
    """Whether a value is code, a constant or a placeholder: it names a secret and is none."""
    core = value.strip(".,;:!?")
    return (
        not _ALNUM.search(core)
        or core.lower() in _CONSTANTS
        or bool(_PLACEHOLDER.match(core))
        or bool(_CALL.fullmatch(core))
    )
