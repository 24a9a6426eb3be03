"""A notice in the forms that receivers take: JSON, Slack's blocks, a mail."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Sequence
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from typing import Any

from ion_framework.domain.language import Language
from ion_framework.jsonable import jsonable
from ion_framework.slo.notice import Notice
from ion_framework.slo.texts import headline, sentence, span, urgency

FORM = 1
"""Version of the JSON form; it changes where a member goes or means something else."""

_LONGEST_SUBJECT = 200
_LABELS = {
    "window": {Language.ENGLISH: "Window", Language.KOREAN: "구간"},
    "since": {Language.ENGLISH: "Since", Language.KOREAN: "시작"},
    "urgency": {Language.ENGLISH: "Urgency", Language.KOREAN: "긴급도"},
    "instances": {Language.ENGLISH: "Instances", Language.KOREAN: "인스턴스"},
    "rule": {Language.ENGLISH: "Rule", Language.KOREAN: "규칙"},
}


def as_json(notice: Notice, language: Language) -> bytes:
    """The notice with all its members, and ``text`` with what people read."""
    found = jsonable(notice)
    assert isinstance(found, dict)  # noqa: S101  a class is an object
    text = f"{headline(notice, language)}: {sentence(notice, language)}"
    return json.dumps({"form": FORM, **found, "text": text}, ensure_ascii=False).encode()


def as_slack(notice: Notice, language: Language) -> bytes:
    """A message of Slack's: a text for notifications, and blocks for the channel."""
    title = _escaped(headline(notice, language))
    said = _escaped(sentence(notice, language))
    fields = [
        {"type": "mrkdwn", "text": f"*{_escaped(label)}*\n{_escaped(value)}"}
        for label, value in _facts(notice, language)
    ]
    blocks: list[dict[str, Any]] = [
        {"type": "section", "text": {"type": "mrkdwn", "text": f"*{title}*\n{said}"}},
        {"type": "section", "fields": fields},
    ]
    if notice.links:
        links = " · ".join(_link(url, name) for name, url in notice.links.items())
        blocks.append({"type": "context", "elements": [{"type": "mrkdwn", "text": links}]})
    return json.dumps({"text": f"{title}: {said}", "blocks": blocks}, ensure_ascii=False).encode()


def as_mail(
    notice: Notice, language: Language, sender: str, recipients: Sequence[str]
) -> EmailMessage:
    """A mail in plain text; mails of one alert stand in one thread."""
    mail = EmailMessage()
    mail["From"] = sender
    mail["To"] = ", ".join(recipients)
    mail["Subject"] = _one_line(headline(notice, language))[:_LONGEST_SUBJECT]
    mail["Date"] = format_datetime(datetime.fromtimestamp(notice.at, UTC))
    domain = sender.rpartition("@")[2]
    mail["Message-ID"] = make_msgid(domain=domain)
    mail["References"] = f"<{_plain(notice.id)}@{domain}>"
    mail["Auto-Submitted"] = "auto-generated"
    lines = [sentence(notice, language), ""]
    lines += [f"{label}: {value}" for label, value in _facts(notice, language)]
    lines += [f"{name}: {url}" for name, url in notice.links.items()]
    mail.set_content("\n".join(map(_one_line, lines)) + "\n")
    return mail


def _facts(notice: Notice, language: Language) -> list[tuple[str, str]]:
    values = {
        "rule": notice.rule,
        "urgency": urgency(notice.severity, language),
        "window": span(notice.window_s, language),
        "since": datetime.fromtimestamp(notice.since, UTC).strftime("%Y-%m-%d %H:%M:%S UTC"),
        "instances": str(notice.instances),
    }
    return [(_LABELS[name][language], value) for name, value in values.items()]


def _escaped(text: str) -> str:
    """A text in which Slack finds no mention, no link and no entity."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _link(url: str, name: str) -> str:
    return f"<{_escaped(url).replace('|', '%7C')}|{_escaped(name).replace('|', ' ')}>"


def _one_line(text: str) -> str:
    """A text without line breaks and other controls, which would end a header."""
    return "".join(" " if unicodedata.category(c) in _CONTROLS else c for c in text)


def _plain(text: str) -> str:
    return "".join(c if c.isascii() and c.isalnum() else "." for c in text)


_CONTROLS = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
